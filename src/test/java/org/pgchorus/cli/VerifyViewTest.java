package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Verification.Found;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.verify.Difference;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.TableReport;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Comparisons as people see them, the keys programs rely on, and the exit status. */
class VerifyViewTest {
    private static final NodeName N1 = new NodeName("n1");
    private static final NodeName N2 = new NodeName("n2");

    private static TableReport report(String name, Outcome outcome, Difference... differences) {
        return new TableReport(
                new TableName("public", name),
                outcome,
                new TreeMap<>(Map.of(N1, 1000L, N2, 999L)),
                List.of(differences),
                List.of(),
                List.of());
    }

    private static Found found(TableReport... reports) {
        return new Found(List.of(N1, N2), Map.of(1, N1, 2, N2), List.of(), List.of(reports));
    }

    private static Difference.Version version(long micros, int node, String... values) {
        return new Difference.Version(
                Arrays.asList(values), Optional.of(new Stamp(micros, node)), 1);
    }

    private static final Difference CHANGED =
            new Difference(
                    Map.of("id", "7"),
                    List.of("id", "name", "note"),
                    new TreeMap<>(
                            Map.of(
                                    N1, version(0, 1, "7", "", "same"),
                                    N2, version(1_500_000, 2, "7", null, "same"))),
                    List.of("n2 holds back changes of it from n1: no such column"));

    private static final Difference MISSING =
            new Difference(
                    Map.of("id", "8"),
                    List.of("id", "name", "note"),
                    new TreeMap<>(Map.of(N1, version(Long.MIN_VALUE, 0, "8", "x", "y"))),
                    List.of());

    @Test
    void aRowThatDiffersIsShownByColumnWithStampsAndCauses() {
        assertThat(
                        VerifyView.text(
                                found(
                                        report("a", new Outcome.Equal()),
                                        report(
                                                "b",
                                                new Outcome.Differs(3, false),
                                                CHANGED,
                                                MISSING))))
                .isEqualTo(
                        """
                        table     verdict       rows  reason
                        public.a  equal        1,000  -
                        public.b  differs (3)  1,000  -

                        public.b id='7'
                          n1: name=''  (written 2000-01-01T00:00:00Z on n1)
                          n2: name=NULL  (written 2000-01-01T00:00:01.500Z on n2)
                          likely because n2 holds back changes of it from n1: no such column

                        public.b id='8'
                          n1: row  (written long ago)
                          n2: no row

                        public.b: 2 of 3 rows shown; --limit shows more

                        compared: n1, n2
                        """);
    }

    @Test
    void theStatusSaysTheWorstThatIsCertain() {
        TableReport equal = report("a", new Outcome.Equal());
        TableReport differs = report("b", new Outcome.Differs(1, false));
        TableReport unsettled = report("c", new Outcome.Unsettled(1, "hot"));
        TableReport incomplete = report("d", new Outcome.Incomplete("gone"));
        assertThat(VerifyCommand.status(found(equal))).isEqualTo(Exit.WELL);
        assertThat(VerifyCommand.status(found(equal, differs, unsettled, incomplete)))
                .isEqualTo(Exit.DIFFERS);
        assertThat(VerifyCommand.status(found(equal, unsettled))).isEqualTo(Exit.COULD_NOT_TELL);
        assertThat(VerifyCommand.status(found(equal, incomplete))).isEqualTo(Exit.COULD_NOT_TELL);
        assertThat(VerifyCommand.status(found())).isEqualTo(Exit.COULD_NOT_TELL);
        assertThat(
                        VerifyCommand.status(
                                new Found(
                                        List.of(N1),
                                        Map.of(1, N1),
                                        List.of("n2 is away"),
                                        List.of(equal))))
                .isEqualTo(Exit.COULD_NOT_TELL);
    }

    @Test
    void programsGetWholeRows() {
        String json =
                Json.compact(
                        VerifyView.json(found(report("b", new Outcome.Differs(1, true), CHANGED))));
        assertThat(json)
                .contains("\"equal\":false", "\"verdict\":\"differs\"", "\"differing_rows\":1")
                .contains("\"more\":true", "\"rows\":{\"n1\":1000,\"n2\":999}")
                .contains("\"key\":{\"id\":\"7\"}", "\"columns\":[\"name\"]")
                .contains("\"row\":{\"id\":\"7\",\"name\":null,\"note\":\"same\"}")
                .contains("\"writer\":\"n2\"");
    }
}
