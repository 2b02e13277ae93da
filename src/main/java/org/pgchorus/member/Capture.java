package org.pgchorus.member;

import org.pgchorus.config.TablePattern;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.DdlSql;
import org.pgchorus.sql.Sql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a node find what its clients change of the schema, if the role may create event triggers;
 * elsewhere {@code ddl exec} does it. No state; the session's thread rule holds.
 */
final class Capture {
    private static final Logger LOG = LoggerFactory.getLogger(Capture.class);

    /** The setting that holds what proves that a message about the schema is the group's own. */
    static final String KEY_SETTING = "ddl_key";

    private Capture() {}

    /** Behind the publication; in one transaction with it. */
    static void install(Session session) {
        String patterns = Group.settings(session).getOrDefault(Group.TABLES_SETTING, "");
        int seq = 0;
        for (TablePattern pattern : TablePattern.parseAll(patterns)) {
            session.update(
                    DdlSql.ADD_PATTERN,
                    seq++,
                    pattern.excludes(),
                    pattern.schemaFit(),
                    pattern.tableFit());
        }
        session.value(DdlSql.FOLLOW_SCHEMA, false);
        session.execute("SAVEPOINT capture");
        try {
            session.execute(Sql.script("ddl_capture.sql"));
        } catch (PgError.Refused e) {
            if (!e.sqlState().equals("42501")) {
                throw e;
            }
            session.execute("ROLLBACK TO SAVEPOINT capture");
            LOG.info(
                    "{}: the role may not create event triggers ({}); for schema changes of all"
                            + " nodes: pgchorus ddl exec",
                    session.where(),
                    e.getMessage());
        }
    }
}
