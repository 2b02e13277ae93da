package org.pgchorus.sql;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is worth knowing of a node when something is to be found out from afar: settings, positions,
 * states, events. No values of rows, no secrets.
 */
public final class SupportSql {
    private SupportSql() {}

    private static final String SETTINGS =
            """
            SELECT name, CASE WHEN name ~ '(conninfo|command|passphrase|password|secret|token)'
                                AND setting <> '' THEN '***' ELSE setting END AS setting,
                   unit, source, pending_restart
            FROM pg_catalog.pg_settings
            WHERE source <> 'default'
               OR name ~ '(wal|replication|slot|sender|commit|worker|timeout)'
            ORDER BY name\
            """;

    private static final String SLOTS =
            """
            SELECT to_jsonb(r) || jsonb_build_object('current_lsn',
                       pg_catalog.pg_current_wal_insert_lsn()) AS slot
            FROM pg_catalog.pg_replication_slots r ORDER BY slot_name\
            """;

    private static final String SENDERS =
            """
            SELECT pid, application_name, state, sync_state, backend_start, sent_lsn, write_lsn,
                   flush_lsn, replay_lsn FROM pg_catalog.pg_stat_replication ORDER BY pid\
            """;

    /** Who knows the group's key can have statements made as any role. */
    private static final String GROUP_SETTINGS =
            """
            SELECT name, CASE WHEN name ~ 'key' THEN '***' ELSE value END AS value
            FROM pgchorus.setting ORDER BY name\
            """;

    /** What sessions do, without the texts of their statements. */
    private static final String SESSIONS =
            """
            SELECT pid, application_name, backend_type, state, wait_event_type, wait_event,
                   xact_start, state_change, pg_catalog.pg_blocking_pids(pid) AS blocked_by
            FROM pg_catalog.pg_stat_activity
            WHERE datname = pg_catalog.current_database() ORDER BY pid\
            """;

    private static final String CONFLICTS =
            """
            SELECT seq, time, schema_name, table_name, type, resolution, policy, local_node,
                   remote_node, remote_xid, remote_lsn
            FROM pgchorus.conflict ORDER BY seq DESC LIMIT 500\
            """;

    /** A CHECK's message shows the row behind the first parenthesis. */
    private static final String HELD =
            """
            SELECT from_node, schema_name, table_name, sqlstate,
                   regexp_replace(message, '\\s*\\(.*$', '') AS message, first_lsn, since, tried,
                   (SELECT count(*) FROM pgchorus.held_change_entry e
                    WHERE (e.from_node, e.schema_name, e.table_name)
                        = (t.from_node, t.schema_name, t.table_name)) AS changes
            FROM pgchorus.held_table t ORDER BY 1, 2, 3\
            """;

    private static final String COUNTS =
            """
            SELECT (SELECT count(*) FROM pgchorus.tombstone_entry) AS tombstones,
                   (SELECT count(*) FROM pgchorus.stamp_entry) AS stamps,
                   (SELECT count(*) FROM pgchorus.stamp_group) AS stamp_groups,
                   (SELECT count(*) FROM pgchorus.displaced_row) AS displaced,
                   (SELECT count(*) FROM pgchorus.known_difference) AS known_differences,
                   (SELECT count(*) FROM pgchorus.conflict) AS conflicts\
            """;

    /** By the name of the file that is made of it; each answers one column of JSON a row. */
    public static Map<String, String> questions() {
        Map<String, String> questions = new LinkedHashMap<>();
        questions.put(
                "version", "SELECT pg_catalog.version(), pg_catalog.clock_timestamp() AS now");
        questions.put("settings", SETTINGS);
        questions.put("slots", SLOTS);
        questions.put("senders", SENDERS);
        questions.put("sessions", SESSIONS);
        for (String table :
                new String[] {
                    "local",
                    "member",
                    "detached",
                    "follower",
                    "link_position",
                    "link_control",
                    "node_control",
                    "link_status",
                    "progress",
                    "resync_needed",
                    "resyncing",
                    "policy",
                    "orphan_policy"
                }) {
            questions.put(table, "SELECT * FROM pgchorus." + table);
        }
        questions.put("setting", GROUP_SETTINGS);
        questions.put("tenures", "SELECT * FROM pgchorus.tenure ORDER BY seq DESC LIMIT 50");
        questions.put("conflicts", CONFLICTS);
        questions.put("held", HELD);
        questions.put("counts", COUNTS);
        questions.replaceAll((name, sql) -> "SELECT to_jsonb(q)::text FROM (" + sql + ") q");
        return questions;
    }
}
