package io.leasehold.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.IChart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// Draws charts as SVG for use inside a page: without background, in the text color, as wide as the page allows. No
/// other class uses the chart library.
///
/// Charts have no legend of their own. The page has the legend as text, which wraps on narrow screens. The page also
/// has the unit of the vertical axis as text, because the library would draw it vertically.
final class Charts {

    /// Width in pixels. Labels stay readable when a phone shrinks the chart to 330 pixels.
    private static final int WIDTH = 520;

    private static final int HEIGHT = 300;

    private static final Color INK = new Color(1, 1, 1);
    private static final Color GRID = new Color(2, 2, 2);
    private static final Color NOTHING = new Color(0, 0, 0, 0);
    private static final Font LETTERS = new Font(Font.SANS_SERIF, Font.PLAIN, 15);

    /// Height of the plot, for which the library makes ten marks a decade, so that some marks are at 2 and 5.
    private static final double TENTHS_HEIGHT = 180;

    /// Extends the axis by half of a label, because the library omits a label that does not fit beside the axis.
    private static final double LAST_LABEL = 0.08;

    /// Width of `65,536` in pixels.
    private static final int COUNT_WIDTH = 55;

    private static final Pattern LONG_NUMBER = Pattern.compile("-?\\d+\\.\\d{2,}");
    private static final Pattern PROLOGUE = Pattern.compile("\\A.*?<svg[^>]*>", Pattern.DOTALL);
    private static final Pattern BLANK = Pattern.compile(">\\s+<");

    /// A curve.
    ///
    /// @param value in the legend, after the name of the side; may be empty
    record Curve(Side side, String value, List<Double> x, List<Double> y) {}

    private Charts() {}

    /// {@return curves over an axis whose labels come from `label`}
    static String curves(
            String title,
            String xAxis,
            boolean logarithmic,
            @Nullable DoubleFunction<String> label,
            List<Curve> curves) {
        XYChart chart = chart(xAxis);
        chart.getStyler().setYAxisLogarithmic(logarithmic);
        if (!logarithmic) {
            chart.getStyler().setYAxisMin(0.0);
        }
        if (label != null) {
            chart.getStyler().setXAxisTickLabelsFormattingFunction(label::apply);
            chart.getStyler().setXAxisTickMarkSpacingHint(70);
        }
        for (Curve curve : curves) {
            XYSeries series = chart.addSeries(curve.side.title(), curve.x, curve.y);
            series.setMarker(SeriesMarkers.NONE);
            series.setLineColor(new Color(curve.side.rgb()));
            series.setLineStyle(stroke(curve.side));
        }
        return svg(chart, title);
    }

    /// {@return curves over two logarithmic axes; the values of `x` are successive doublings}
    static String growth(String title, String xAxis, List<Curve> curves) {
        XYChart chart = chart(xAxis);
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
        // A third point is needed, because the library draws marks at the points of evenly spaced values.
        List<Double> width = List.of(0.0, 0.3 * doublings, doublings);
        for (double mark : decades.marks()) {
            XYSeries line = chart.addSeries("line " + mark, width, Collections.nCopies(width.size(), mark));
            line.setMarker(SeriesMarkers.NONE).setLineColor(GRID).setLineStyle(new BasicStroke(1));
        }
        for (Curve curve : curves) {
            XYSeries series = chart.addSeries(
                    curve.side.title(),
                    curve.x.stream().map(n -> doublings(first, n)).toList(),
                    curve.y.stream().map(Math::log10).toList());
            series.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(new Color(curve.side.rgb()));
            series.setLineColor(new Color(curve.side.rgb())).setLineStyle(stroke(curve.side));
        }
        return svg(chart, title);
    }

    private static XYChart chart(String xAxis) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .xAxisTitle(xAxis)
                .build();
        style(chart.getStyler());
        return chart;
    }

    private static double doublings(double first, double n) {
        return Math.log(n / first) / Math.log(2);
    }

    /// {@return the label of a whole doubling, otherwise a blank} The library draws no labels at all if the ends of the
    /// axis have none.
    private static String label(double first, double doublings) {
        return isWhole(doublings) ? Numbers.count(Math.round(first * Math.pow(2, doublings))) : " ";
    }

    private static boolean isWhole(double number) {
        return Math.abs(number - Math.rint(number)) < 2 * DecadeAxis.CLOSE;
    }

    /// Dashes distinguish the curves without colors.
    private static BasicStroke stroke(Side side) {
        float[] dashes = side.isOurs()
                ? new float[] {1, 0}
                : side.equals(Side.ADAPTIVE) ? new float[] {10, 4} : new float[] {3, 4};
        return new BasicStroke(
                side.isOurs() ? 3.2f : 2.4f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, dashes, 0);
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
        styler.setXAxisTitleColor(INK).setMarkerSize(11);
        styler.setYAxisDecimalPattern("#,##0.###");
    }

    /// Draws a chart. Coordinates are rounded, because the library writes more digits than are visible, and a text
    /// alternative is added.
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
        String words = escape(title);
        return "<svg viewBox=\"0 0 " + WIDTH + " " + HEIGHT + "\" role=\"img\" aria-label=\"" + words + "\"><title>"
                + words + "</title>" + svg.strip();
    }

    /// {@return `text` with special characters escaped}
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    private static String rounded(MatchResult number) {
        String text = String.format(Locale.ROOT, "%.1f", Double.parseDouble(number.group()));
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }
}
