package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.config.Budgets;
import org.pgchorus.config.GroupSetting;
import org.pgchorus.member.Member;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.WalSql;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The settings of a group: shown, and set on every node or on none. No state. */
public final class SettingOrders {
    private SettingOrders() {}

    /** A setting, as the asked node has it. */
    public record Value(GroupSetting setting, String value, boolean isDefault) {}

    /**
     * All settings.
     *
     * @param differences nodes that have others, a sentence each
     */
    public record Shown(String groupId, List<Value> values, List<String> differences) {}

    /** Shows all, through any node. */
    public static Shown show(Address any) {
        try (GroupSessions group = GroupSessions.open(any)) {
            return show(group);
        }
    }

    private static Shown show(GroupSessions group) {
        Session asked = group.sessions().values().iterator().next();
        Map<String, String> kept = WalGuard.settings(asked);
        List<String> differences = new ArrayList<>();
        for (Member member : group.members()) {
            Session session = group.sessions().get(member.id());
            if (session == null) {
                continue;
            }
            Map<String, String> theirs = WalGuard.settings(session);
            for (GroupSetting setting : GroupSetting.values()) {
                if (!setting.in(theirs).equals(setting.in(kept))) {
                    differences.add(
                            "node %s has %s=%s; set it again"
                                    .formatted(member.name(), setting.key(), setting.in(theirs)));
                }
            }
        }
        List<Value> values =
                Arrays.stream(GroupSetting.values())
                        .map(s -> new Value(s, s.in(kept), !kept.containsKey(s.key())))
                        .toList();
        return new Shown(group.groupId(), values, differences);
    }

    /**
     * Sets some. The daemons go by them within seconds.
     *
     * @param changes the value in the form that is kept, or empty for the default
     * @throws IllegalArgumentException if the settings would not fit together
     * @throws PgError.Refused if a node cannot be reached: then nothing is changed
     */
    public static Shown set(Address any, Map<GroupSetting, Optional<String>> changes) {
        try (GroupSessions group = GroupSessions.open(any)) {
            requireAll(group);
            // Joins take the settings along, so none may begin or go on meanwhile.
            group.lockMembership(group.sessions(), "a change of the group's membership");
            Map<String, String> settings =
                    new TreeMap<>(WalGuard.settings(group.sessions().values().iterator().next()));
            changes.forEach((setting, value) -> {
                settings.remove(setting.key());
                value.ifPresent(v -> settings.put(setting.key(), v));
            });
            Budgets.of(settings);
            group.onAllOrNone(
                    (id, session) ->
                            changes.forEach((setting, value) ->
                                    value.ifPresentOrElse(
                                            v ->
                                                    session.update(
                                                            MemberSql.SET_SETTING,
                                                            setting.key(),
                                                            v),
                                            () -> session.update(WalSql.UNSET, setting.key()))),
                    "it is set");
            return show(group);
        }
    }

    private static void requireAll(GroupSessions group) {
        group.problems()
                .forEach((id, problem) -> {
                    throw PgError.refused(
                            ("node %s cannot be reached, and all have to have the same settings:"
                                 + " %s; start it, or take it out: pgchorus node detach %s")
                                    .formatted(group.name(id), problem, group.name(id)));
                });
    }
}
