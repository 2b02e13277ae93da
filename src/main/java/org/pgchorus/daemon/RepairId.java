package org.pgchorus.daemon;

import org.pgchorus.model.Stamp;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.ThreadLocalRandom;

/** The names of repairs, such as {@code 20261121-200512-3fa9}: when, and something of its own. */
final class RepairId {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    private RepairId() {}

    /** One that nobody has. */
    static String next(Session session) {
        long micros = Long.parseLong(session.value(MemberSql.NOW));
        return "%s-%04x"
                .formatted(
                        TIME.format(Stamp.instantOf(micros)),
                        ThreadLocalRandom.current().nextInt(0x10000));
    }
}
