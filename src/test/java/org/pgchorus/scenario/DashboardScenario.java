package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.http.Binding;
import org.pgchorus.http.Server;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** An operator looks at a live group in a browser and clicks through what there is. */
@Timeout(240)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DashboardScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE account (id int PRIMARY KEY, owner text, "<b>note</b>" text);
            CREATE TABLE seat (id int PRIMARY KEY, place text UNIQUE);
            CREATE TABLE stock (id int PRIMARY KEY, amount int);
            """;

    private static final String HOSTILE = "<img src=x onerror=\"document.title='broken'\">";
    private static final String TOKEN = "a-token-to-change-things-with";

    private static TestGroup group;
    private static Server server;
    private static Browser browser;

    @BeforeAll
    static void start() throws IOException {
        browser = Browser.start();
        group = TestGroup.of(SCHEMA, 18, 14);
        server =
                Server.start(
                        Binding.parse("127.0.0.1:0", Optional.empty()).withTokenForChanges(TOKEN),
                        group.nodes());
        browser.size(1280, 900);
        browser.open(server.uri());
    }

    @AfterAll
    static void stop() throws IOException {
        try (Browser _ = browser;
                TestGroup _ = group) {
            if (server != null) {
                server.close();
            }
        }
    }

    @AfterEach
    void nothingIsComplainedOf() {
        assertThat(browser.complaints()).isEmpty();
        assertThat(browser.script("return document.title").asText()).isEqualTo("pgchorus");
    }

    /** Both nodes write a row while they do not hear each other. */
    private static void conflict(int id, String ofA, String ofB) {
        group.holdAll();
        group.run(0, "INSERT INTO account VALUES (%d, '%s', 'a')".formatted(id, ofA));
        group.run(1, "INSERT INTO account VALUES (%d, '%s', 'b')".formatted(id, ofB));
        group.releaseAll();
        group.settle();
    }

    @Test
    @Order(1)
    void whoWritesWhatIsSeenAtOnce() {
        browser.awaitText("#overall", "all is well");
        group.run(0, "INSERT INTO stock SELECT g, g FROM generate_series(1, 100) g");
        IntStream.range(0, 60)
                .forEach(i ->
                        group.run(0, "UPDATE stock SET amount = %d WHERE id = 1".formatted(i)));
        browser.awaitText("#map", "a");
        assertThat(browser.count("#map .link.good")).isEqualTo(2);
        assertThat(browser.count("#map .node.good")).isEqualTo(2);
        browser.awaitText("#link-table", "streaming");
        assertThat(browser.count("#slot-table tbody tr")).isEqualTo(2);
        browser.awaitText("#table-list", "public.account");
        TestGroup.await(
                "a's rate is charted",
                () ->
                        browser.script(
                                        "return Chart.getChart('throughput').data.datasets"
                                                + ".find(it => it.label === 'a->b')?.data"
                                                + ".some(it => it.y > 0) === true")
                                .asBoolean());
        browser.click("#charts summary");
        assertThat(browser.text("#chart-table")).contains("Lag of each link", "a->b");
    }

    @Test
    @Order(2)
    void aConflictIsShownWithBothVersionsAndUndoneWithTheToken() {
        conflict(1, "Ada", "Bob");
        browser.awaitText("#conflict", "public.account id=1");
        assertThat(browser.text("#conflict"))
                .contains("b won.", "The last update wins", "Ada", "Bob", "stands", "gives way");
        browser.click("#follow");
        browser.click("#undo");
        browser.type("#ask-token", "a-token-that-is-not-the-one");
        browser.click("#ask button[value=yes]");
        browser.awaitText("#said", "Not undone: a token is needed");
        assertThat(browser.complaints()).allMatch(it -> it.contains("401"));
        browser.click("#undo");
        browser.type("#ask-token", TOKEN);
        browser.click("#ask button[value=yes]");
        browser.awaitText("#said", "Undone");
        assertThat(group.settledRows("SELECT owner FROM account WHERE id = 1"))
                .containsExactly("Ada");
        browser.click("#follow");
    }

    @Test
    @Order(3)
    void hostileNamesAndValuesStayText() {
        conflict(2, HOSTILE.replace("'", "''"), "Bob");
        browser.awaitText("#conflict", HOSTILE);
        assertThat(browser.text("#conflict")).contains("<b>note</b>");
        assertThat(browser.count("#content img, #content b")).isZero();
    }

    @Test
    @Order(3)
    void ofALongValueTheBeginningIsShown() {
        conflict(3, "x".repeat(5000), "Bob");
        browser.awaitText("#conflict", "x … (5,000 characters)");
        assertThat(browser.text("#conflict")).hasSizeLessThan(1000);
    }

    @Test
    @Order(4)
    void heldTablesTellTheirCauseAndCureAndDisplacedRowsAreCounted() {
        group.holdAll();
        group.run(0, "INSERT INTO seat VALUES (1, '12A')");
        group.run(1, "INSERT INTO seat VALUES (2, '12A')");
        group.run(1, "ALTER TABLE stock ADD CONSTRAINT few CHECK (amount < 1000)");
        group.run(0, "INSERT INTO stock VALUES (900, 5000)");
        group.releaseAll();
        browser.awaitText("#held", "public.stock on a → b");
        assertThat(browser.text("#held")).contains("23514", "few", "id=900");
        browser.awaitText("#displaced", "public.seat");
        browser.awaitText("#problem-list", "holds table public.stock");
        assertThat(browser.count("#map .link.bad")).isEqualTo(1);
        group.run(1, "ALTER TABLE stock DROP CONSTRAINT few");
        browser.awaitText("#held", "No table is held");
        browser.awaitText("#overall", "all is well");
        browser.awaitText("#happened", "no more: table public.stock is held");
    }

    @Test
    @Order(5)
    void aServerThatIsKilledIsRedWithTheReasonAndGreenWhenItIsBack() {
        group.server(1).kill();
        browser.awaitText("#problem-list", "node b is down");
        TestGroup.await("b is red", () -> browser.count("#map .node.bad") == 1);
        TestGroup.await("its links are red", () -> browser.count("#map .link.bad") == 2);
        assertThat(browser.text("#map")).contains("down");
        assertThat(browser.text("#problem-list")).contains("cannot connect");
        browser.awaitText("#node-table", "no: it does not answer");
        browser.awaitText("#happened", "is down");
        group.server(1).restart();
        browser.awaitText("#overall", "all is well");
        TestGroup.await("all is green", () -> browser.count("#map g.good") == 4);
        assertThat(browser.script("return document.querySelector('#problems').hidden").asBoolean())
                .isTrue();
        browser.awaitText("#happened", "is ready");
    }

    @Test
    @Order(6)
    void aPhonesWindowScrollsNotSideways() {
        browser.size(360, 740);
        try {
            assertThat(browser.script("return document.documentElement.scrollWidth").asInt())
                    .isLessThanOrEqualTo(360);
        } finally {
            browser.size(1280, 900);
        }
    }

    @Test
    @Order(7)
    void darkAndLightGoByTheSystemAndByChoice() {
        String back = "return getComputedStyle(document.body).backgroundColor";
        browser.command(
                "Emulation.setEmulatedMedia",
                Map.of(
                        "features",
                        List.of(Map.of("name", "prefers-color-scheme", "value", "dark"))));
        String dark = browser.script(back).asText();
        browser.script(
                """
                const choice = document.querySelector("#theme");
                choice.value = "light";
                choice.dispatchEvent(new Event("change"));
                """);
        assertThat(browser.script(back).asText()).isNotEqualTo(dark);
    }

    @Test
    @Order(8)
    void everythingIsReachedByKeyboardAndHasAName() {
        // Where a click was, Tab goes on from there.
        browser.open(server.uri());
        browser.awaitText("#overall", "all is well");
        browser.press("\uE004");
        assertThat(browser.script("return document.activeElement.className").asText())
                .isEqualTo("skip");
        String nameless =
                """
                const all = "button, select, input, canvas, svg, table, section";
                const said = ["aria-label", "aria-labelledby"];
                return [...document.querySelectorAll(all)]
                    .filter(it => !said.some(name => it.getAttribute(name)))
                    .filter(it => !(it.labels?.length || it.caption || it.textContent.trim()))
                    .map(it => it.outerHTML.slice(0, 80))
                """;
        assertThat(browser.script(nameless)).isEmpty();
        assertThat(browser.count("header")).isEqualTo(1);
        assertThat(browser.count("main")).isEqualTo(1);
        assertThat(browser.count("nav[aria-label]")).isEqualTo(1);
        assertThat(browser.count("[aria-live], [role=status]")).isGreaterThan(4);
    }
}
