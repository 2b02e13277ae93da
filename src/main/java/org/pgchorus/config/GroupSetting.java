package org.pgchorus.config;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A setting of a whole group, the same on every node: its name, its default, and what it may be.
 * Pure.
 */
public enum GroupSetting {
    WAL_BUDGET(
            "wal_budget",
            "10GB",
            "how much WAL a node keeps for one peer: a size, or a share such as 25% of wal_disk",
            Budgets::canonical),
    WAL_DISK(
            "wal_disk",
            "0B",
            "how much WAL the nodes' disks have room for; only shares of it need it",
            text -> Sizes.text(Sizes.parseBytes(text))),
    SLOT_OVERFLOW(
            "slot_overflow",
            "keep",
            "what happens to a slot over its budget: keep it, or drop it, so that its peer has to"
                    + " be resynced",
            text -> oneOf(text, List.of("keep", "drop"))),
    FAILOVER_SLOTS(
            "failover_slots",
            "off",
            "whether the nodes' standbys keep the slots too, from PostgreSQL 17 on: on or off",
            text -> oneOf(text, List.of("on", "off"))),
    APPLY_GROUPING(
            "apply_grouping",
            "on",
            "whether transactions that came together are applied together, in bulk: on, or off for"
                    + " one by one and row by row",
            text -> oneOf(text, List.of("on", "off")));

    private final String key;
    private final String standard;
    private final String meaning;
    private final UnaryOperator<String> reader;

    GroupSetting(String key, String standard, String meaning, UnaryOperator<String> reader) {
        this.key = key;
        this.standard = standard;
        this.meaning = meaning;
        this.reader = reader;
    }

    /** As it is typed and kept. */
    public String key() {
        return key;
    }

    /** What counts when nothing was set. */
    public String standard() {
        return standard;
    }

    /** In a few words. */
    public String meaning() {
        return meaning;
    }

    /** What counts, of what is kept. */
    public String in(Map<String, String> kept) {
        return kept.getOrDefault(key, standard);
    }

    /**
     * The same in the form that is kept.
     *
     * @throws IllegalArgumentException if it may not be that
     */
    public String canonical(String value) {
        try {
            return reader.apply(value);
        } catch (IllegalArgumentException refused) {
            throw new IllegalArgumentException(key + ": " + refused.getMessage(), refused);
        }
    }

    /**
     * @throws IllegalArgumentException if there is none of that name, with the nearest one
     */
    public static GroupSetting named(String key) {
        List<String> known = Arrays.stream(values()).map(GroupSetting::key).toList();
        return find(key)
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "there is no setting \"%s\"%s; there are %s"
                                        .formatted(
                                                key,
                                                Nearest.hint(key, known),
                                                String.join(", ", known))));
    }

    private static Optional<GroupSetting> find(String key) {
        return Arrays.stream(values()).filter(setting -> setting.key.equals(key)).findFirst();
    }

    private static String oneOf(String text, List<String> known) {
        if (!known.contains(text)) {
            throw new IllegalArgumentException(
                    "\"%s\" is none of %s%s"
                            .formatted(text, String.join(", ", known), Nearest.hint(text, known)));
        }
        return text;
    }
}
