package org.pgchorus.config;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code pgchorus.yaml}: the part of YAML that settings need. A line is {@code key: value}, below
 * {@code nodes:} an indented {@code name: address}; values may stand in quotes; a {@code #} at the
 * beginning or behind a blank begins a comment. Anything else is refused, not guessed. Pure.
 *
 * @param values as they stand there, but for the nodes
 * @param nodes addresses by name
 * @param problems all there are, each with its line
 */
public record SettingsFile(
        Map<DaemonSetting, String> values, Map<String, String> nodes, List<String> problems) {
    private static final Pattern LINE =
            Pattern.compile("(\\s*)([A-Za-z_][A-Za-z0-9_.-]*)\\s*:(?:\\s+(.*))?");

    private static final Pattern QUOTED = Pattern.compile("'([^']*)'|\"([^\"\\\\]*)\"");

    /** Copies. */
    public SettingsFile {
        values = Map.copyOf(values);
        nodes = new TreeMap<>(nodes);
        problems = List.copyOf(problems);
    }

    /** Reads a file's text; what is wrong with it is in {@link #problems}. */
    public static SettingsFile parse(String text) {
        Map<DaemonSetting, String> values = new EnumMap<>(DaemonSetting.class);
        Map<String, String> nodes = new TreeMap<>();
        List<String> problems = new ArrayList<>();
        boolean belowNodes = false;
        int number = 0;
        for (String raw : text.lines().toList()) {
            number++;
            String line = withoutComment(raw).stripTrailing();
            if (line.isBlank() || line.equals("---")) {
                continue;
            }
            Matcher matcher = LINE.matcher(line);
            String where = "line " + number + ": ";
            if (line.contains("\t") || !matcher.matches()) {
                problems.add(where + "not understood; a line is \"key: value\"");
                continue;
            }
            boolean indented = !matcher.group(1).isEmpty();
            String key = matcher.group(2);
            Optional<String> value =
                    Optional.ofNullable(matcher.group(3))
                            .map(String::strip)
                            .filter(v -> !v.isEmpty())
                            .map(SettingsFile::unquoted);
            if (indented && belowNodes) {
                node(where, key, value, nodes, problems);
            } else if (indented) {
                problems.add(where + key + " is indented, and only what is below nodes: may be");
            } else {
                belowNodes = key.equals(DaemonSetting.NODES.key());
                setting(where, key, value, values, problems);
            }
        }
        return new SettingsFile(values, nodes, problems);
    }

    private static void node(
            String where,
            String name,
            Optional<String> address,
            Map<String, String> nodes,
            List<String> problems) {
        if (address.isEmpty()) {
            problems.add(where + "node " + name + " has no address");
        } else if (nodes.putIfAbsent(name, address.get()) != null) {
            problems.add(where + "node " + name + " is there twice");
        }
    }

    private static void setting(
            String where,
            String key,
            Optional<String> value,
            Map<DaemonSetting, String> values,
            List<String> problems) {
        Optional<DaemonSetting> found = DaemonSetting.named(key);
        if (found.isEmpty()) {
            problems.add(
                    "%sthere is no setting \"%s\"%s; there are %s"
                            .formatted(
                                    where,
                                    key,
                                    Nearest.hint(key, DaemonSetting.keys()),
                                    String.join(", ", DaemonSetting.keys())));
        } else if (found.get() == DaemonSetting.NODES) {
            if (value.isPresent()) {
                problems.add(where + "nodes stand below, each as an indented \"name: address\"");
            }
        } else if (value.isEmpty()) {
            problems.add(where + key + " has no value");
        } else if (values.putIfAbsent(found.get(), value.get()) != null) {
            problems.add(where + key + " is there twice");
        }
    }

    private static String withoutComment(String line) {
        boolean single = false;
        boolean twice = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            single ^= c == '\'' && !twice;
            twice ^= c == '"' && !single;
            boolean begins = i == 0 || Character.isWhitespace(line.charAt(i - 1));
            if (c == '#' && begins && !single && !twice) {
                return line.substring(0, i);
            }
        }
        return line;
    }

    private static String unquoted(String value) {
        Matcher quoted = QUOTED.matcher(value);
        return quoted.matches()
                ? Optional.ofNullable(quoted.group(1)).orElse(quoted.group(2))
                : value;
    }
}
