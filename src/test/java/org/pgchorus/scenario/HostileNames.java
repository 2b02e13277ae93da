package org.pgchorus.scenario;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Names that PostgreSQL takes and programs stumble over; the same seed gives the same ones. */
final class HostileNames {
    /** In bytes. */
    private static final int LONGEST = 63;

    private static final List<String> FIXED =
            List.of(
                    "\"",
                    "'",
                    "\\",
                    "\"\"",
                    "''",
                    "a\"b'c",
                    "back\\slash\\",
                    "\\.",
                    "\\N",
                    "\\x41",
                    "$$",
                    "$1",
                    "$body$",
                    "$pgchorus$",
                    "x$pgchorus$; DROP TABLE t; --",
                    "\"; DROP TABLE t; --",
                    "'; DROP TABLE t; --",
                    "%",
                    "100%s%d%n%1$s",
                    "%I.%L",
                    "@.",
                    "old.@.x",
                    "?",
                    "?::text",
                    "{fn now()}",
                    "{a,b}",
                    ":name",
                    ":'v'",
                    "select",
                    "SELECT",
                    "user",
                    "table",
                    "null",
                    "NULL",
                    "1st",
                    "123",
                    " lead",
                    "trail ",
                    " ",
                    "new\nline",
                    "a\n--\n-- Name: x; Type: INDEX; Schema: y; Owner: z\n--\n;",
                    "a\n\\! echo\n;",
                    "return\r\n",
                    "tab\tthere",
                    "a.b",
                    ".",
                    "..",
                    "a,b",
                    "a;b;",
                    "--",
                    "/*",
                    "*/",
                    "*",
                    "!x",
                    "~^|&",
                    "(x)",
                    "[1]",
                    "OLD",
                    "new",
                    "gone",
                    "v",
                    "t",
                    "c0",
                    "micros",
                    "at",
                    "place",
                    "row",
                    "key",
                    "excluded",
                    "\u202eRTL\u202c",
                    "\u05e9\u05dc\u05d5\u05dd",
                    "\ud83d\ude00",
                    "e\u0301\u0323",
                    "\u00e9",
                    "\u0130\u0131",
                    "\u00df\u1e9e",
                    "\u200b",
                    "\ufeff",
                    "\u00a0",
                    "\u0001\u001b[31m",
                    "\u00f6".repeat(31) + "x",
                    "\ud83d\ude00".repeat(15) + "abc",
                    "x".repeat(63));

    private static final List<String> PARTS =
            List.of(
                    "\"",
                    "'",
                    "\\",
                    "$",
                    "$$",
                    "$pgchorus$",
                    "%",
                    "%s",
                    "?",
                    ";",
                    "--",
                    "\n",
                    " ",
                    ".",
                    ",",
                    "{",
                    "}",
                    "(",
                    ")",
                    "@.",
                    "E'",
                    "\u202e",
                    "\ud83d\ude00",
                    "\u0301",
                    "\u00f6",
                    "a",
                    "B",
                    "1",
                    "_",
                    "select",
                    ":",
                    "*",
                    "\t",
                    "/*",
                    "\\.");

    private HostileNames() {}

    /** The fixed ones, and as many made of their parts. */
    static List<String> of(long seed, int random) {
        List<String> names = new ArrayList<>(FIXED);
        Random dice = new Random(seed);
        while (names.size() < FIXED.size() + random) {
            StringBuilder name = new StringBuilder();
            for (int i = dice.nextInt(20); i >= 0; i--) {
                name.append(PARTS.get(dice.nextInt(PARTS.size())));
            }
            String cut = cut(name.toString(), LONGEST);
            if (!names.contains(cut)) {
                names.add(cut);
            }
        }
        return names;
    }

    /** A name of its own that begins like another. */
    static String with(String name, String ending) {
        return cut(name, LONGEST - ending.getBytes(UTF_8).length) + ending;
    }

    /** Its beginning, of so many bytes at most. */
    private static String cut(String name, int bytes) {
        int end = name.length();
        while (name.substring(0, end).getBytes(UTF_8).length > bytes) {
            end = name.offsetByCodePoints(end, -1);
        }
        return name.substring(0, end);
    }

    /** As SQL has it; in a table pattern too. */
    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** As a literal. */
    static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
