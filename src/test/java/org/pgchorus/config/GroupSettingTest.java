package org.pgchorus.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Map;

/** What a group's settings may be, and what they come to. */
class GroupSettingTest {
    @ParameterizedTest
    @EnumSource
    void everyDefaultIsAllowedAndStaysAsItIs(GroupSetting setting) {
        assertThat(setting.canonical(setting.standard())).isEqualTo(setting.standard());
        assertThat(GroupSetting.named(setting.key())).isEqualTo(setting);
        assertThat(setting.in(Map.of())).isEqualTo(setting.standard());
    }

    @Test
    void withoutAnySettingTenGigabytesAreKeptAndNothingIsDropped() {
        assertThat(Budgets.of(Map.of())).isEqualTo(new Budgets.Budget(10L << 30, false));
    }

    @Test
    void aBudgetIsASizeOrAShareOfTheDisk() {
        assertThat(Budgets.of(Map.of("wal_budget", "1.5GB", "slot_overflow", "drop")))
                .isEqualTo(new Budgets.Budget(3L << 29, true));
        assertThat(Budgets.of(Map.of("wal_budget", "25%", "wal_disk", "400MB")).bytes())
                .isEqualTo(100L << 20);
        assertThatThrownBy(() -> Budgets.of(Map.of("wal_budget", "25%")))
                .hasMessageContaining("wal_budget=25% is a share of wal_disk, which is not set");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    wal_budget    | 2048MB | 2GB
                    wal_budget    | 25 %   | 25%
                    wal_disk      | 1 TB   | 1TB
                    slot_overflow | drop   | drop
                    failover_slots | on    | on
                    """)
    void valuesAreKeptInOneForm(String key, String typed, String kept) {
        assertThat(GroupSetting.named(key).canonical(typed)).isEqualTo(kept);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    wal_budget    | 10    | wal_budget: "10" is not a size: it has no unit
                    wal_budget    | 0GB   | wal_budget: "0GB" is no budget at all
                    wal_budget    | 0%    | wal_budget: "0%" is not from 1% to 100%
                    wal_budget    | 101%  | wal_budget: "101%" is not from 1% to 100%
                    wal_disk      | 10gb  | did you mean "GB"?
                    failover_slots | yes  | failover_slots: "yes" is none of on, off
                    slot_overflow | dorp  | "dorp" is none of keep, drop; did you mean "drop"?
                    """)
    void othersAreRefusedWithTheReason(String key, String typed, String reason) {
        assertThatThrownBy(() -> GroupSetting.named(key).canonical(typed))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void anUnknownNameIsRefusedWithTheNearest() {
        assertThatThrownBy(() -> GroupSetting.named("wal_buget"))
                .hasMessageContaining("did you mean \"wal_budget\"?");
    }
}
