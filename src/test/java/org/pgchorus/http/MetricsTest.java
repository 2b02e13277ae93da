package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What is scraped, what is written about it, and what alerts and dashboards ask is the same. */
class MetricsTest {
    private static final Path DOCUMENT = Path.of("docs/metrics.md");
    private static final Path ALERTS = Path.of("docs/monitoring/alerts.yml");
    private static final Path DASHBOARD = Path.of("docs/monitoring/grafana.json");
    private static final String REWRITE = "pgchorus.rewrite.docs";
    private static final Pattern NAME = Pattern.compile("pgchorus_[a-z_]+");

    private static final String APPLY = "pgchorus_apply_latency_seconds";

    private static String text(View view, String accepted) {
        return new String(Exposition.of(view, accepted).body(), StandardCharsets.UTF_8);
    }

    @Test
    void everyMetricIsExposedWithItsLabels() {
        String text = text(new Sights().view(), "");
        for (Metric metric : Metric.values()) {
            String labels =
                    metric.labels().isEmpty()
                            ? ""
                            : metric.labels().stream()
                                    .map(label -> label + "=\"[^\"]+\"")
                                    .sorted()
                                    .collect(Collectors.joining(",", "\\{", "\\}"));
            assertThat(text)
                    .contains("# HELP %s %s".formatted(metric.fullName(), metric.meaning()))
                    .contains(
                            "# TYPE %s %s"
                                    .formatted(
                                            metric.fullName(),
                                            metric.type().name().toLowerCase(Locale.ROOT)))
                    .containsPattern(
                            "(?m)^%s%s%s -?[0-9.Ee+-]+$"
                                    .formatted(
                                            metric.fullName(),
                                            metric.type() == Metric.Type.HISTOGRAM ? "_sum" : "",
                                            labels));
        }
        assertThat(text).doesNotContain("_created");
    }

    @Test
    void aHistogramCountsWhatIsBelowEachBound() {
        assertThat(text(new Sights().view(), ""))
                .contains(APPLY + "_bucket{from=\"n2\",to=\"n1\"," + "le=\"0.001\"} 1\n")
                .contains(APPLY + "_bucket{from=\"n2\",to=\"n1\"," + "le=\"0.01\"} 10\n")
                .contains(APPLY + "_bucket{from=\"n2\",to=\"n1\"," + "le=\"60.0\"} 10\n")
                .contains(APPLY + "_bucket{from=\"n2\",to=\"n1\"," + "le=\"+Inf\"} 11\n")
                .contains(APPLY + "_count{from=\"n2\",to=\"n1\"} 11\n")
                .contains(APPLY + "_sum{from=\"n2\",to=\"n1\"} 75.5\n");
    }

    @Test
    void whatIsNotKnownIsNotSaid() {
        String text = text(new Sights().down("n2").view(), "");
        assertThat(text)
                .contains("pgchorus_node_up{node=\"n2\"} 0.0")
                .contains("pgchorus_node_writable{node=\"n2\"} 0.0")
                .contains("pgchorus_node_writable{node=\"n1\"} 1.0")
                .contains("pgchorus_link_up{from=\"n2\",to=\"n1\"} 0.0")
                .contains("pgchorus_link_lag_bytes{from=\"n3\",to=\"n1\"} 4096.0")
                .doesNotContain("pgchorus_link_lag_bytes{from=\"n2\"");
    }

    @Test
    void openMetricsComesWhenAskedFor() {
        assertThat(text(new Sights().view(), "application/openmetrics-text"))
                .endsWith("# EOF\n")
                .contains("pgchorus_conflicts_total{");
    }

    @Test
    void theDocumentIsTheList() throws IOException {
        String wanted = document();
        if (Boolean.getBoolean(REWRITE)) {
            Files.writeString(DOCUMENT, wanted);
        }
        assertThat(DOCUMENT)
                .as("rewrite it with: mvn test -Dtest=MetricsTest -DargLine=-D%s=true", REWRITE)
                .content()
                .isEqualTo(wanted);
    }

    private static String document() {
        StringBuilder text =
                new StringBuilder(
                        """
                        # Metrics

                        What `/metrics` of a daemon exposes ([http.md](http.md)), written from the
                        list in the code. Each daemon tells of the nodes it serves, of the links
                        that end there and of the slots these nodes keep, so nothing is counted
                        twice where several daemons are scraped. Alert rules:
                        [monitoring/alerts.yml](monitoring/alerts.yml); a dashboard for Grafana:
                        [monitoring/grafana.json](monitoring/grafana.json).

                        | metric | type | labels | meaning |
                        |---|---|---|---|
                        """);
        for (Metric metric : Metric.values()) {
            text.append(
                    "| `%s` | %s | %s | %s |\n"
                            .formatted(
                                    metric.fullName(),
                                    metric.type().name().toLowerCase(Locale.ROOT),
                                    metric.labels().stream()
                                            .map("`%s`"::formatted)
                                            .collect(Collectors.joining(", ")),
                                    metric.meaning()));
        }
        return text.append(
                        """

                        `pgchorus_apply_latency_seconds` has classes from 1 ms to a minute.
                        Its clock is the daemon's own, never set, so that the nodes' clocks
                        have no part in it: what passed before a transaction began to come in
                        is in `pgchorus_link_lag_seconds`.
                        """)
                .toString();
    }

    private static Set<String> known() {
        return Arrays.stream(Metric.values()).map(Metric::fullName).collect(Collectors.toSet());
    }

    private static Set<String> namesIn(String text) {
        return NAME.matcher(text)
                .results()
                .map(MatchResult::group)
                .map(name -> name.replaceFirst("_(bucket|sum|count)$", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void alertsAskForMetricsThereAre() throws IOException {
        String rules = Files.readString(ALERTS);
        assertThat(namesIn(rules)).isNotEmpty().isSubsetOf(known());
        List<String> alerts = alerts(rules);
        assertThat(alerts)
                .contains(
                        "PgchorusLinkDown",
                        "PgchorusDecodeBacklogGrowing",
                        "PgchorusApplyBacklogGrowing",
                        "PgchorusSlotLosingWal",
                        "PgchorusClockSkew",
                        "PgchorusTableHeld",
                        "PgchorusDisplacedRows",
                        "PgchorusNodeNotReady");
        assertThat(rules.lines().filter(line -> line.strip().startsWith("expr: ")))
                .hasSameSizeAs(alerts)
                .allSatisfy(line -> assertThat(namesIn(line)).as(line).isNotEmpty());
    }

    private static List<String> alerts(String rules) {
        return rules.lines()
                .filter(line -> line.strip().startsWith("- alert: "))
                .map(line -> line.replaceFirst(".*: ", ""))
                .toList();
    }

    @Test
    void theRunbookHasAnEntryForEveryAlertAndNoOther() throws IOException {
        String runbook = Files.readString(Path.of("docs/operating.md"));
        assertThat(Pattern.compile("(?m)^\\| `(Pgchorus\\w+)` \\|").matcher(runbook).results())
                .extracting(entry -> entry.group(1))
                .containsExactlyElementsOf(alerts(Files.readString(ALERTS)));
    }

    @Test
    void everyLabelInAlertsAndDashboardIsOneOfItsMetric() throws IOException {
        Pattern labelled = Pattern.compile("(pgchorus_[a-z_]+)\\{([^}]*)\\}");
        for (Path file : List.of(ALERTS, DASHBOARD)) {
            for (MatchResult use : labelled.matcher(Files.readString(file)).results().toList()) {
                Metric metric =
                        Arrays.stream(Metric.values())
                                .filter(it -> it.fullName().equals(use.group(1)))
                                .findFirst()
                                .orElseThrow(() -> new AssertionError(use.group()));
                for (String match : use.group(2).split(",")) {
                    assertThat(metric.labels()).as(use.group()).contains(match.split("[=!]")[0]);
                }
            }
        }
    }

    @Test
    void theDashboardAsksForMetricsThereAre() throws IOException {
        JsonNode dashboard = new ObjectMapper().readTree(Files.readString(DASHBOARD));
        List<String> queries = new ArrayList<>();
        for (JsonNode panel : dashboard.get("panels")) {
            for (JsonNode target : panel.get("targets")) {
                queries.add(target.get("expr").asText());
            }
        }
        assertThat(queries).hasSizeGreaterThan(9);
        assertThat(namesIn(String.join("\n", queries))).isSubsetOf(known());
        assertThat(queries).allSatisfy(query -> assertThat(namesIn(query)).isNotEmpty());
    }
}
