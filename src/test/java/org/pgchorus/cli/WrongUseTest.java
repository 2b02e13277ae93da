package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Map;

/**
 * What is typed wrongly is refused with status 2, a reason, and the word that was probably meant.
 */
class WrongUseTest {
    /** Nobody listens there. */
    private static final String NOBODY = "postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    stauts              | pgchorus has no command "stauts"; did you mean "status"?
                    link puase n1 n2    | link has no command "puase"; did you mean "pause"?
                    status --jsn        | status has no option --jsn; did you mean "--json"?
                    status n1           | pgchorus status takes no "n1"
                    --json status       | has no option --json; options stand behind a command
                    help stauts         | pgchorus has no command "stauts"; did you mean "status"?
                    status              | which group? Name any node of it with --group ADDRESS
                    lag --output xml    | "xml" is none of table, json
                    wait --timeout 5    | "5" is not a duration: it has no unit
                    wait --from N1      | node name "N1" is not allowed
                    link pause n1       | missing required parameter: 'TO'
                    conflict            | pgchorus conflict needs a command: list, show, stats
                    conflict list --group host=h --limit 0 | --limit must be at least 1, not 0
                    conflict list --group host=h --since yesterday | "yesterday" is no moment
                    run                 | which nodes? Name at least one
                    run x               | a node is given as NAME=ADDRESS
                    run n1=host=a n1=host=b | node n1 is named twice
                    run n1=host=a --http 0.0.0.0:1 | clients need a token
                    run n1=host=a --http 8008 | is not HOST:PORT
                    run n1=host=a --http :1 --http-token-file /no/such | cannot read the token
                    node remove         | missing required parameter: 'ADDRESS'
                    check foo=bar       | foo
                    node join n2=host=h | missing required option: '--via=ADDRESS'
                    node join n2=host=h --via host=i --jobs 0 | --jobs must be from 1 to 64, not 0
                    group create host=h | here the name is missing
                    group set x --group host=h | a setting is given as NAME=VALUE, not "x"
                    group set wal_buget=1GB --group host=h | did you mean "wal_budget"?
                    group set wal_budget=1 --group host=h | wal_budget: "1" is not a size
                    group set wal_disk=1GB wal_disk=2GB --group host=h | wal_disk is set twice
                    node read-only n1 of | "of" is none of on, off; did you mean "off"?
                    group create n1=host=h --tables a.b.c | it has more than schema and table
                    completion fish     | "fish" is none of bash, zsh
                    table add           | missing required parameter: 'TABLE'
                    table policy t first_wins --group host=h | there is no policy "first_wins"
                    table policy t function --group host=h | --function NAME
                    table policy t error --function f --group host=h | belongs to the policy
                    table policy t delta --group host=h | --column C=delta
                    table policy t --column a --group host=h | --column takes C=delta or C=none
                    table policy t --column a=delta --column a=none --group host=h | not both
                    """)
    void isRefusedWithItsReason(String line, String reason) {
        Typed typed = Typed.of(line.split(" "));
        assertThat(typed.status()).as(typed.err()).isEqualTo(Exit.WRONG_USE);
        assertThat(typed.err()).startsWith("pgchorus: error: ").contains(reason);
        assertThat(typed.out()).isEmpty();
    }

    @Test
    void nothingTypedNamesTheCommands() {
        Typed typed = Typed.of();
        assertThat(typed.status()).isEqualTo(Exit.WRONG_USE);
        assertThat(typed.err())
                .contains("pgchorus needs a command: demo, example, check, group, node, run");
    }

    @Test
    void aBadGroupInTheEnvironmentNamesTheVariable() {
        Typed typed = Typed.with(Map.of("PGCHORUS_GROUP", "host=h hots=i"), "status");
        assertThat(typed.status()).isEqualTo(Exit.WRONG_USE);
        assertThat(typed.err()).startsWith("pgchorus: error: PGCHORUS_GROUP: ");
    }

    @ParameterizedTest
    @CsvSource({
        "status postgresql://u:geheim@h/db",
        "status --group postgresql://u:geheim@h/db?nix=1",
        "run postgresql://u:geheim@h/db",
        "check postgresql://u:geheim@h:x/db",
        "link pause password=geheim n2",
        "table add a b password=geheim",
    })
    void noPasswordIsRepeated(String line) {
        Typed typed = Typed.of(line.split(" "));
        assertThat(typed.status()).isEqualTo(Exit.WRONG_USE);
        assertThat(typed.err()).isNotEmpty().doesNotContain("geheim");
    }

    @Test
    void anUnreachableGroupCannotTell() {
        for (String line : new String[] {"status", "lag", "wait", "node list", "table list"}) {
            Typed typed = Typed.with(Map.of("PGCHORUS_GROUP", NOBODY), line.split(" "));
            assertThat(typed.status()).as(line).isEqualTo(Exit.COULD_NOT_TELL);
            assertThat(typed.err()).startsWith("pgchorus: error: ").contains("127.0.0.1:1");
            assertThat(typed.out()).isEmpty();
        }
    }

    @Test
    void anUnreachableDatabaseCannotBeChecked() {
        Typed typed = Typed.of("check", "--json", NOBODY);
        assertThat(typed.status()).isEqualTo(Exit.COULD_NOT_TELL);
        assertThat(typed.err()).contains("127.0.0.1:1");
        assertThat(typed.out().strip()).isEqualTo("[]");
    }
}
