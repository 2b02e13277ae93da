package org.pgchorus.config;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much WAL a node keeps for a peer that does not fetch it. Pure. */
public final class Budgets {
    private static final Pattern SHARE = Pattern.compile("([0-9]{1,3}) ?%");
    private static final int WHOLE = 100;

    private Budgets() {}

    /**
     * What the settings of a group come to.
     *
     * @param bytes for each peer
     * @param drops whether a slot that is over it is let go
     */
    public record Budget(long bytes, boolean drops) {}

    /**
     * @param kept settings by name; those that are not there have their defaults
     * @throws IllegalArgumentException if they do not fit together
     */
    public static Budget of(Map<String, String> kept) {
        String budget = GroupSetting.WAL_BUDGET.in(kept);
        long disk = Sizes.parseBytes(GroupSetting.WAL_DISK.in(kept));
        Matcher share = SHARE.matcher(budget);
        boolean drops = GroupSetting.SLOT_OVERFLOW.in(kept).equals("drop");
        if (!share.matches()) {
            return new Budget(Sizes.parseBytes(budget), drops);
        }
        if (disk == 0) {
            throw new IllegalArgumentException(
                    "wal_budget=%s is a share of wal_disk, which is not set; set it too, such as"
                                    .formatted(budget)
                            + " wal_disk=200GB");
        }
        return new Budget(disk / WHOLE * Integer.parseInt(share.group(1)), drops);
    }

    /** {@code 25%}, or a size; neither may be nothing. */
    static String canonical(String text) {
        Matcher share = SHARE.matcher(text.strip());
        if (share.matches()) {
            int percent = Integer.parseInt(share.group(1));
            if (percent < 1 || percent > WHOLE) {
                throw new IllegalArgumentException(
                        "\"%s\" is not from 1%% to 100%%".formatted(text));
            }
            return percent + "%";
        }
        long bytes = Sizes.parseBytes(text);
        if (bytes == 0) {
            throw new IllegalArgumentException("\"%s\" is no budget at all".formatted(text));
        }
        return Sizes.text(bytes);
    }
}
