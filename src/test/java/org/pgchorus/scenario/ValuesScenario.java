package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

/**
 * Values of types with limits, and hard texts, arrive as they were, whether their row comes alone
 * (an INSERT), among many (a COPY) or goes row by row.
 */
class ValuesScenario {
    private static final String SCHEMA =
            """
            CREATE TYPE mood AS ENUM ('sad', 'so ''glad''');
            CREATE TYPE pair AS (a int, b text);
            CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'never');
            CREATE TABLE kind (
                id int PRIMARY KEY, c char(5), v varchar(5), vs varchar(3)[], d short,
                n numeric(6,2), ns numeric(6,2)[], b bit(4), bs bit varying(6),
                i interval day to second(2), t timestamp(1), z timestamptz(3), h time(0),
                q "char", x text, y bytea, j json, k jsonb, m mood, p pair, r numrange,
                f float4, e money, o oid, w tsvector, net inet, u text COLLATE "C",
                g text GENERATED ALWAYS AS (x || '!') STORED);
            CREATE TABLE counted (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v varchar(5));
            """;

    private static final String VALUES =
            """
            SELECT g, 'a ' || g %% 9, 'b' || repeat(' ', g %% 4), ARRAY['', 'x  ', NULL], '\\ ''"',
                g + 0.005, ARRAY[g / 7.0, 'NaN'], B'0101', B'01', make_interval(secs => g / 7.0),
                '2026-01-01 00:00:00.06'::timestamp, to_timestamp(g / 7.0), '23:59:59.6',
                '\\', E'tab\\tnew\\nline\\r\\\\N \\u00e9', '\\x00ff', '{"a": [1,  2]}', '{"a": 1}',
                'so ''glad''', ROW(g, E'quote" \\\\ ,')::pair, '[1,)', g / 3.0::float4,
                12.5, 4294967295, 'fat:2 rat', '10.0.0.1/8', ''
            FROM generate_series(%d, %d) g\
            """;

    private static final String COLUMNS =
            "id, c, v, vs, d, n, ns, b, bs, i, t, z, h, q, x, y, j, k, m, p, r, f, e, o, w, net, u";

    private static final int ROW_BY_ROW = 1;

    @Test
    void valuesArriveAsTheyWere() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 17, 15)) {
            group.run(ROW_BY_ROW, "INSERT INTO pgchorus.setting VALUES ('apply_grouping', 'off')");
            group.settle();
            for (int id = 1; id <= 9; id++) {
                insert(group, id, id);
                group.run(0, "INSERT INTO counted (v) VALUES ('v" + id + "')");
                group.settle();
            }
            group.run(0, "INSERT INTO kind (id) VALUES (0)");
            group.settle();
            insert(group, 10, 12);
            group.settle();
            insert(group, 20, 99);
            group.run(0, "INSERT INTO counted (v) SELECT 'v' || g FROM generate_series(10, 30) g");
            group.settle();

            assertThat(group.settledRows("SELECT count(*) FROM kind")).containsExactly("93");
            assertThat(same(group, "SELECT k::text FROM kind k ORDER BY id")).hasSize(93);
            assertThat(same(group, "SELECT c::text FROM counted c ORDER BY id"))
                    .hasSize(30)
                    .startsWith("(1,v1)");
        }
    }

    private static void insert(TestGroup group, int first, int last) {
        group.run(0, "INSERT INTO kind (" + COLUMNS + ") " + VALUES.formatted(first, last));
    }

    private static List<String> same(TestGroup group, String question) {
        List<String> rows = group.rows(0, question);
        for (int node = 1; node < group.size(); node++) {
            assertThat(group.rows(node, question)).as("node " + node).isEqualTo(rows);
        }
        return rows;
    }
}
