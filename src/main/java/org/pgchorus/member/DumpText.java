package org.pgchorus.member;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What pg_dump wrote, by lines that know whether they begin inside a quoted text. Pure.
 *
 * <p>Names, literals and bodies of functions may hold line ends, and behind them whatever looks
 * like a comment or a statement of pg_dump's: only lines that begin outside of them are.
 *
 * <pre>
 *   "..."  "" inside            a name
 *   '...'  '' inside            a literal; E'...' has \ before any character too
 *   $tag$ ... $tag$             a literal
 *   -- ...                      a comment, to the end of the line
 * </pre>
 */
final class DumpText {
    private static final Pattern DOLLAR = Pattern.compile("\\$(?:[\\p{L}_][\\p{L}\\p{N}_]*)?\\$");

    private final String text;
    private int at;

    private DumpText(String text) {
        this.text = text;
    }

    /**
     * A line with its end.
     *
     * @param outside whether it begins outside quotes
     * @param ends whether a statement ends with it
     */
    record Line(String text, boolean outside, boolean ends) {
        boolean begins(String with) {
            return outside && text.startsWith(with);
        }
    }

    /** All of it. */
    static List<Line> lines(String text) {
        DumpText dump = new DumpText(text);
        List<Line> lines = new ArrayList<>();
        while (dump.at < text.length()) {
            dump.readUnquoted(lines);
        }
        return lines;
    }

    /** The statements of some lines; each with the comments and blank lines before it. */
    static List<List<Line>> statements(List<Line> lines) {
        List<List<Line>> statements = new ArrayList<>();
        List<Line> one = new ArrayList<>();
        for (Line line : lines) {
            one.add(line);
            if (line.ends) {
                statements.add(one);
                one = new ArrayList<>();
            }
        }
        statements.add(one);
        return statements;
    }

    /** Reads from the beginning of a line to the next line end outside quotes. */
    private void readUnquoted(List<Line> lines) {
        int from = at;
        while (at < text.length() && text.charAt(at) != '\n') {
            skipOne();
        }
        at = Math.min(at + 1, text.length());
        String[] parts = text.substring(from, at).split("(?<=\n)");
        for (int i = 0; i < parts.length; i++) {
            boolean last = i == parts.length - 1;
            lines.add(new Line(parts[i], i == 0, last && isEnd(parts[i], i == 0)));
        }
    }

    private static boolean isEnd(String line, boolean outside) {
        boolean comment = outside && (line.startsWith("--") || line.startsWith("\\"));
        return !comment && line.stripTrailing().endsWith(";");
    }

    private void skipOne() {
        char c = text.charAt(at);
        if (c == '"') {
            skipQuoted('"', false);
        } else if (c == '\'') {
            skipQuoted('\'', isEscaping());
        } else if (c == '-' && text.startsWith("--", at)) {
            int end = text.indexOf('\n', at);
            at = end < 0 ? text.length() : end;
        } else if (c == '$' && !isInWord()) {
            skipDollars();
        } else {
            at++;
        }
    }

    /** Whether the quote here is that of {@code E'...'}. */
    private boolean isEscaping() {
        if (at == 0 || "eE".indexOf(text.charAt(at - 1)) < 0) {
            return false;
        }
        return at == 1 || !isWord(text.charAt(at - 2));
    }

    private boolean isInWord() {
        return at > 0 && isWord(text.charAt(at - 1));
    }

    private static boolean isWord(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '$';
    }

    private void skipQuoted(char quote, boolean backslash) {
        at++;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '\\' && backslash) {
                at++;
            } else if (c == quote) {
                if (at >= text.length() || text.charAt(at) != quote) {
                    return;
                }
                at++;
            }
        }
    }

    private void skipDollars() {
        Matcher tag = DOLLAR.matcher(text).region(at, text.length());
        if (!tag.lookingAt()) {
            at++;
            return;
        }
        int end = text.indexOf(tag.group(), tag.end());
        at = end < 0 ? text.length() : end + tag.group().length();
    }
}
