package org.pgchorus.cli;

import org.pgchorus.member.Finding;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What an examination found, as people and programs read it. Pure. */
final class Findings {
    private Findings() {}

    /** Each finding with its cure below it. */
    static String text(List<Finding> findings) {
        StringBuilder text = new StringBuilder();
        for (Finding finding : findings) {
            text.append(
                    "  %-5s  %s: %s%n"
                            .formatted(severity(finding), finding.check(), finding.problem()));
            if (!finding.cure().isEmpty()) {
                text.append(
                        "         cure: %s%n"
                                .formatted(finding.cure().replace("\n", "\n               ")));
            }
        }
        return text.toString();
    }

    static List<Map<String, Object>> json(List<Finding> findings) {
        return findings.stream()
                .map(finding ->
                        Json.object(
                                "where", finding.where(),
                                "check", finding.check(),
                                "severity", severity(finding),
                                "problem", finding.problem(),
                                "cure", Json.known(finding.cure())))
                .toList();
    }

    /** Whether anything stands in the way. */
    static boolean anyError(List<Finding> findings) {
        return findings.stream().anyMatch(f -> f.severity() == Finding.Severity.ERROR);
    }

    private static String severity(Finding finding) {
        return finding.severity().name().toLowerCase(Locale.ROOT);
    }
}
