package io.leasehold.bench.report;

import java.util.List;
import java.util.Locale;

/// Writes a page from beginning to end. All text is escaped.
final class Html {

    private final StringBuilder out = new StringBuilder();

    /// {@return `text` with special characters escaped}
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    /// A cell of a table.
    ///
    /// @param text of the cell; never empty
    /// @param style class in the style sheet
    record Cell(String text, String style) {

        static Cell text(String text) {
            return new Cell(text, "");
        }

        static Cell number(String text) {
            return new Cell(text, "n");
        }

        /// {@return a cell with the verdict of a ratio}
        static Cell verdict(Ratio.Verdict verdict) {
            return new Cell(verdict.words(), verdict.name().toLowerCase(Locale.ROOT));
        }
    }

    /// Appends markup without escaping. It must not contain text from other sources.
    Html raw(String markup) {
        out.append(markup);
        return this;
    }

    Html element(String name, String text) {
        out.append('<').append(name).append('>').append(escape(text));
        out.append("</").append(name).append(">\n");
        return this;
    }

    Html heading(int level, String id, String text) {
        out.append("<h%d id=\"%s\">%s</h%d>%n".formatted(level, escape(id), escape(text), level));
        return this;
    }

    Html command(String command) {
        out.append("<pre><code>").append(escape(command)).append("</code></pre>\n");
        return this;
    }

    /// Appends a chart with its legend and caption.
    Html chart(String id, String svg, List<Side> sides, List<String> names, String caption) {
        out.append("<figure id=\"")
                .append(escape(id))
                .append("\">\n")
                .append(svg)
                .append("\n<p class=\"legend\">");
        for (int i = 0; i < sides.size(); i++) {
            out.append("<span><i style=\"background:%s\"></i>%s</span> "
                    .formatted(sides.get(i).css(), escape(names.get(i))));
        }
        out.append("</p>\n<figcaption>").append(escape(caption)).append("</figcaption>\n</figure>\n");
        return this;
    }

    /// Appends a table in a region that scrolls on narrow screens.
    Html table(String title, List<String> headings, List<List<Cell>> rows) {
        out.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table>%n<thead><tr>"
                .formatted(escape(title)));
        headings.forEach(heading ->
                out.append("<th scope=\"col\">").append(escape(heading)).append("</th>"));
        out.append("</tr></thead>\n<tbody>\n");
        for (List<Cell> row : rows) {
            out.append("<tr>");
            for (Cell cell : row) {
                out.append(cell.style().isEmpty() ? "<td>" : "<td class=\"" + escape(cell.style()) + "\">")
                        .append(escape(cell.text()))
                        .append("</td>");
            }
            out.append("</tr>\n");
        }
        out.append("</tbody></table></div>\n");
        return this;
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
