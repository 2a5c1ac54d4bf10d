package io.leasehold.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.IChart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// Charts as SVG that stands inside a page: no background, ink in the colour of the text around, as wide as there is
/// room. The only class that knows the library.
///
/// A chart has no legend of its own: the page has it as text, which wraps.
final class Charts {

    /// Small enough that the letters are readable where a phone shrinks it to 330 pixels.
    private static final int WIDTH = 520;

    private static final int HEIGHT = 300;

    private static final Color INK = new Color(1, 1, 1);
    private static final Color GRID = new Color(2, 2, 2);
    private static final Color NOTHING = new Color(0, 0, 0, 0);
    private static final Font LETTERS = new Font(Font.SANS_SERIF, Font.PLAIN, 15);
    private static final double LETTER_WIDTH = 8.5;

    /// Height of the plot, in which the library is to make ten marks a decade, so that some are at twos and fives.
    private static final double TENTHS_HEIGHT = 180;

    /// The library leaves out a label that goes beyond the axis, so the axis is longer by half of a label.
    private static final double LAST_LABEL = 0.08;

    /// Width of `65,536`.
    private static final int COUNT_WIDTH = 55;

    /// Bars that differ more would leave the short ones without a height.
    private static final double LINEAR_SPAN = 30;

    private static final Pattern LONG_NUMBER = Pattern.compile("-?\\d+\\.\\d{2,}");
    private static final Pattern PROLOGUE = Pattern.compile("\\A.*?<svg[^>]*>", Pattern.DOTALL);
    private static final Pattern BLANK = Pattern.compile(">\\s+<");

    /// Values of one side, one a category; not a number where there is none.
    ///
    /// @param name the side's, for the legend
    /// @param errors half of the intervals; not a number where not known
    record Bars(Side side, String name, List<Double> values, List<Double> errors) {}

    /// A curve.
    record Curve(Side side, String name, List<Double> x, List<Double> y) {}

    private Charts() {}

    /// {@return bars beside each other with their errors, or dots on a logarithmic axis if they differ too much}
    static String bars(String title, String axis, List<String> categories, List<Bars> sides) {
        CategoryChart chart =
                new CategoryChartBuilder().width(WIDTH).height(HEIGHT).build();
        style(chart.getStyler());
        chart.setYAxisTitle(axis);
        double most = sides.stream()
                .flatMap(bars -> bars.values.stream())
                .mapToDouble(Double::doubleValue)
                .filter(Double::isFinite)
                .max()
                .orElse(1);
        double least = sides.stream()
                .flatMap(bars -> bars.values.stream())
                .mapToDouble(Double::doubleValue)
                .filter(value -> value > 0)
                .min()
                .orElse(1);
        boolean logarithmic = most / least > LINEAR_SPAN;
        chart.getStyler().setOverlapped(false).setAvailableSpaceFill(0.8);
        chart.getStyler().setErrorBarsColor(INK);
        if (logarithmic) {
            // The library's own logarithmic axis draws error bars of a wrong length, so the numbers are the logarithms.
            chart.getStyler().setYAxisMin(Math.floor(Math.log10(least)));
            chart.getStyler().setYAxisMax(Math.ceil(Math.log10(most * 1.1)));
            chart.getStyler().setYAxisTickLabelsFormattingFunction(Charts::power);
            chart.getStyler().setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Scatter);
        } else {
            chart.getStyler().setYAxisMin(0.0);
        }
        chart.getStyler().setXAxisMaxLabelCount(Math.max(2, categories.size()));
        int longest = categories.stream().mapToInt(String::length).max().orElse(0);
        if (longest * LETTER_WIDTH > (WIDTH - 90.0) / categories.size()) {
            chart.getStyler().setXAxisLabelRotation(30);
        }
        for (Bars bars : sides) {
            Bars drawn = logarithmic ? logarithms(bars) : bars;
            CategorySeries series = chart.addSeries(
                    bars.name, categories, objects(drawn.values, drawn.values), objects(drawn.values, drawn.errors));
            series.setFillColor(bars.side.color());
            series.setLineColor(bars.side.color());
            series.setMarkerColor(bars.side.color());
            series.setMarker(SeriesMarkers.CIRCLE);
        }
        return svg(chart, title);
    }

    /// {@return curves over an axis whose labels `label` writes}
    static String curves(
            String title,
            String xAxis,
            String yAxis,
            boolean logarithmic,
            @Nullable DoubleFunction<String> label,
            List<Curve> curves) {
        XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).build();
        style(chart.getStyler());
        chart.setXAxisTitle(xAxis);
        chart.setYAxisTitle(yAxis);
        chart.getStyler().setYAxisLogarithmic(logarithmic);
        if (!logarithmic) {
            chart.getStyler().setYAxisMin(0.0);
        }
        if (label != null) {
            chart.getStyler().setXAxisTickLabelsFormattingFunction(label::apply);
            chart.getStyler().setXAxisTickMarkSpacingHint(70);
        }
        for (Curve curve : curves) {
            XYSeries series = chart.addSeries(curve.name, curve.x, curve.y);
            series.setMarker(SeriesMarkers.NONE);
            series.setLineColor(curve.side.color());
            series.setLineStyle(stroke(curve.side));
        }
        return svg(chart, title);
    }

    /// {@return curves over two logarithmic axes; `x` is a number that was doubled again and again}
    static String growth(String title, String xAxis, String yAxis, List<Curve> curves) {
        XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).build();
        style(chart.getStyler());
        chart.setXAxisTitle(xAxis);
        chart.setYAxisTitle(yAxis);
        List<Double> x = curves.stream().flatMap(curve -> curve.x.stream()).toList();
        double first = Collections.min(x);
        double doublings = doublings(first, Collections.max(x));
        DecadeAxis decades =
                DecadeAxis.of(curves.stream().flatMap(curve -> curve.y.stream()).toList());
        chart.getStyler()
                .setXAxisMin(-DecadeAxis.CLOSE)
                .setXAxisMax(doublings * (1 + LAST_LABEL))
                .setYAxisMin(decades.min() - DecadeAxis.CLOSE)
                .setYAxisMax(decades.max() + DecadeAxis.CLOSE)
                .setYAxisTickMarkSpacingHint((int) (TENTHS_HEIGHT / (decades.max() - decades.min()) / 10))
                .setYAxisTickLabelsFormattingFunction(decades::label)
                .setXAxisTickMarkSpacingHint(COUNT_WIDTH)
                .setXAxisTickLabelsFormattingFunction(doubled -> label(first, doubled))
                .setPlotGridHorizontalLinesVisible(false)
                .setAxisTicksMarksVisible(false);
        // The third point is there because the library would put marks at the points of evenly spaced ones.
        List<Double> width = List.of(0.0, 0.3 * doublings, doublings);
        for (double mark : decades.marks()) {
            XYSeries line = chart.addSeries("line " + mark, width, Collections.nCopies(width.size(), mark));
            line.setMarker(SeriesMarkers.NONE).setLineColor(GRID).setLineStyle(new BasicStroke(1));
        }
        for (Curve curve : curves) {
            XYSeries series = chart.addSeries(
                    curve.name,
                    curve.x.stream().map(n -> doublings(first, n)).toList(),
                    curve.y.stream().map(Math::log10).toList());
            series.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(curve.side.color());
            series.setLineColor(curve.side.color()).setLineStyle(stroke(curve.side));
        }
        return svg(chart, title);
    }

    private static double doublings(double first, double n) {
        return Math.log(n / first) / Math.log(2);
    }

    /// Only whole doublings have a label; the ends of the axis must, or the library draws no others.
    private static String label(double first, double doublings) {
        return isWhole(doublings) ? Numbers.count(Math.round(first * Math.pow(2, doublings))) : " ";
    }

    private static boolean isWhole(double number) {
        return Math.abs(number - Math.rint(number)) < 2 * DecadeAxis.CLOSE;
    }

    private static Bars logarithms(Bars bars) {
        List<Double> values = new ArrayList<>();
        List<Double> errors = new ArrayList<>();
        for (int i = 0; i < bars.values.size(); i++) {
            double value = bars.values.get(i);
            double error = bars.errors.get(i);
            double low = Math.max(value - error, value / 10);
            values.add(Math.log10(value));
            errors.add((Math.log10(value + error) - Math.log10(low)) / 2);
        }
        return new Bars(bars.side, bars.name, values, errors);
    }

    /// Only whole powers have a label.
    private static String power(double logarithm) {
        return !isWhole(logarithm)
                ? " "
                : Numbers.plain(Math.pow(10, logarithm), Math.max(0, (int) -Math.rint(logarithm)));
    }

    /// Dashes tell the curves apart where colours do not.
    private static BasicStroke stroke(Side side) {
        float[] dashes = switch (side) {
            case LEASED -> new float[] {1, 0};
            case ADAPTIVE -> new float[] {10, 4};
            default -> new float[] {3, 4};
        };
        return new BasicStroke(
                side == Side.LEASED ? 3.2f : 2.4f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, dashes, 0);
    }

    private static void style(AxesChartStyler styler) {
        styler.setChartBackgroundColor(NOTHING)
                .setPlotBackgroundColor(NOTHING)
                .setChartFontColor(INK)
                .setPlotBorderVisible(false)
                .setChartTitleVisible(false)
                .setLegendVisible(false)
                .setLegendPosition(LegendPosition.OutsideS)
                .setChartPadding(4)
                .setLocale(Locale.ROOT);
        styler.setAxisTickLabelsFont(LETTERS)
                .setAxisTitleFont(LETTERS)
                .setAxisTickLabelsColor(INK)
                .setAxisTickMarksColor(GRID)
                .setPlotGridLinesColor(GRID)
                .setPlotGridLinesStroke(new BasicStroke(1))
                .setPlotGridVerticalLinesVisible(false)
                .setPlotMargin(0);
        styler.setXAxisTitleColor(INK).setYAxisTitleColor(INK).setMarkerSize(11);
        styler.setYAxisDecimalPattern("#,##0.###");
    }

    /// The library takes null for a bar that is not there; an error that is not known has no length.
    private static List<@Nullable Double> objects(List<Double> present, List<Double> values) {
        List<@Nullable Double> objects = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            boolean missing = present.get(i).isNaN();
            objects.add(missing ? null : values.get(i).isNaN() ? Double.valueOf(0) : values.get(i));
        }
        return objects;
    }

    /// The library draws letters as shapes with more digits than anybody sees, and knows no words beside the picture.
    private static String svg(IChart chart, String title) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ChartEncoder.saveChart(chart, bytes, "svg");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String drawn = bytes.toString(StandardCharsets.UTF_8);
        String svg = PROLOGUE.matcher(drawn).replaceFirst("");
        svg = LONG_NUMBER.matcher(svg).replaceAll(Charts::rounded);
        svg = BLANK.matcher(svg)
                .replaceAll("><")
                .replace("rgb(1,1,1)", "currentColor")
                .replace("rgb(2,2,2)", "rgba(128,128,128,.4)");
        String words = Html.escape(title);
        return "<svg viewBox=\"0 0 " + WIDTH + " " + HEIGHT + "\" role=\"img\" aria-label=\"" + words + "\"><title>"
                + words + "</title>" + svg.strip();
    }

    private static String rounded(MatchResult number) {
        String text = String.format(Locale.ROOT, "%.1f", Double.parseDouble(number.group()));
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }
}
