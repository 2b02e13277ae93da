package org.pgchorus.cli;

import org.pgchorus.config.GroupSetting;
import org.pgchorus.daemon.SettingOrders;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/** {@code pgchorus group set}: changes settings of a group. */
@Command(
        name = "set",
        description = {
            "Sets settings of a group, on every node or on none.",
            "",
            "wal_budget     how much WAL a node keeps for one peer: a size (10GB), or a share of"
                    + " wal_disk (25%%); status warns at half of it, and alarms when it is used up",
            "wal_disk       how much WAL the nodes' disks have room for",
            "slot_overflow  what happens then: keep, or drop, which lets the slot go, so that its"
                    + " peer has to be resynced and the disk does not fill",
            "failover_slots  on: the nodes' physical standbys keep the slots too (PostgreSQL 17 and"
                    + " later), from when each link connects next",
            "apply_grouping  on: transactions that came together are applied together, in bulk;"
                    + " off: one by one and row by row",
            "",
            "The value default puts a setting back. Daemons go by a change within seconds."
        },
        footer = {
            "  pgchorus group set wal_budget=50GB",
            "  pgchorus group set wal_budget=25%% wal_disk=200GB slot_overflow=drop",
            "  pgchorus group set slot_overflow=default",
        })
final class GroupSetCommand implements Callable<Integer> {
    private static final String DEFAULT = "default";

    @Parameters(arity = "1..*", paramLabel = "NAME=VALUE", description = "What to set.")
    private List<String> words;

    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        return GroupShowCommand.tell(
                SettingOrders.set(group.address(), changes(words)), output, spec);
    }

    private static Map<GroupSetting, Optional<String>> changes(List<String> words) {
        Map<GroupSetting, Optional<String>> changes = new TreeMap<>();
        for (String word : words) {
            int split = word.indexOf('=');
            if (split < 1) {
                throw new IllegalArgumentException(
                        "a setting is given as NAME=VALUE, not \"%s\"".formatted(word));
            }
            GroupSetting setting = GroupSetting.named(word.substring(0, split));
            String value = word.substring(split + 1);
            Optional<String> kept =
                    value.equals(DEFAULT)
                            ? Optional.empty()
                            : Optional.of(setting.canonical(value));
            if (changes.put(setting, kept) != null) {
                throw new IllegalArgumentException(setting.key() + " is set twice");
            }
        }
        return changes;
    }
}
