package org.pgchorus.config;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What counts, of all places where settings stand: the command line before the environment, that
 * before the file, that before the defaults. Pure.
 */
public final class DaemonSettings {
    private final Map<DaemonSetting, String> values;
    private final List<NodeAddress> nodes;

    private DaemonSettings(Map<DaemonSetting, String> values, List<NodeAddress> nodes) {
        this.values = values;
        this.nodes = List.copyOf(nodes);
    }

    /**
     * Puts them together.
     *
     * @param typed on the command line; nodes as words
     * @throws IllegalArgumentException with everything that is wrong, a line each
     */
    public static DaemonSettings of(
            Map<DaemonSetting, String> typed,
            Map<String, String> environment,
            Optional<SettingsFile> file) {
        List<String> problems = new ArrayList<>();
        file.ifPresent(f -> problems.addAll(f.problems()));
        Map<DaemonSetting, String> values = new EnumMap<>(DaemonSetting.class);
        List<NodeAddress> nodes = new ArrayList<>();
        for (DaemonSetting setting : DaemonSetting.values()) {
            Optional<String> said =
                    Optional.ofNullable(typed.get(setting))
                            .or(() -> variable(environment, setting.variable()));
            if (setting == DaemonSetting.NODES) {
                words(said, file).forEach(word -> node(word, nodes, problems));
                continue;
            }
            said.or(() -> file.map(f -> f.values().get(setting)))
                    .or(() -> Optional.of(setting.standard()).filter(s -> !s.isEmpty()))
                    .ifPresent(text -> {
                        try {
                            values.put(setting, setting.canonical(text));
                        } catch (IllegalArgumentException refused) {
                            problems.add(setting.key() + ": " + refused.getMessage());
                        }
                    });
        }
        tls(values).ifPresent(problems::add);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
        return new DaemonSettings(values, nodes);
    }

    /** What lacks of HTTPS, where some of it is named. */
    private static Optional<String> tls(Map<DaemonSetting, String> values) {
        boolean certificate = values.containsKey(DaemonSetting.HTTP_TLS_CERT);
        boolean key = values.containsKey(DaemonSetting.HTTP_TLS_KEY);
        boolean roots = values.containsKey(DaemonSetting.HTTP_TLS_CLIENT_CA);
        return certificate == key && (certificate || !roots)
                ? Optional.empty()
                : Optional.of(
                        "http_tls_cert (--http-tls-cert) and http_tls_key (--http-tls-key) belong"
                                + " together, and http_tls_client_ca (--http-tls-client-ca) needs"
                                + " both");
    }

    private static Optional<String> variable(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(text -> !text.isBlank());
    }

    private static List<String> words(Optional<String> said, Optional<SettingsFile> file) {
        if (said.isPresent()) {
            return List.of(said.get().strip().split("\\s+"));
        }
        return file.stream()
                .flatMap(f -> f.nodes().entrySet().stream())
                .map(node -> node.getKey() + "=" + node.getValue())
                .toList();
    }

    private static void node(String word, List<NodeAddress> nodes, List<String> problems) {
        try {
            nodes.add(NodeAddress.parse(word));
        } catch (IllegalArgumentException refused) {
            problems.add("nodes: " + refused.getMessage());
        }
    }

    /** The same for other nodes. */
    public DaemonSettings with(List<NodeAddress> others) {
        return new DaemonSettings(values, others);
    }

    /** The nodes to serve. */
    public List<NodeAddress> nodes() {
        return nodes;
    }

    /** What counts; empty if nothing was said and there is no default. */
    public Optional<String> value(DaemonSetting setting) {
        return Optional.ofNullable(values.get(setting));
    }
}
