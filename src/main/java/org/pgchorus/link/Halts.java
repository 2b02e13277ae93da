package org.pgchorus.link;

import org.pgchorus.conflict.Kind;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.HaltSql;
import org.pgchorus.sql.RowSql;

import java.util.List;
import java.util.Optional;

/**
 * Conflicts under the policy {@code error}: the link stands before the change until a person has
 * chosen a side.
 *
 * <p>One thread, the session's.
 */
final class Halts {
    private final Session target;

    Halts(Session target) {
        this.target = target;
    }

    /** By what rule the change is decided now, if somebody has chosen. */
    Optional<Policy.Rule> choice(History.Cause cause, long change) {
        return target.first(
                        HaltSql.CHOICE,
                        row -> row.text(1),
                        cause.stamp().node(),
                        cause.sourceCommitLsn(),
                        change)
                .map(keep ->
                        keep.equals("remote") ? Policy.Rule.APPLY_REMOTE : Policy.Rule.KEEP_LOCAL);
    }

    /**
     * Gives the transaction up and notes where the link stands.
     *
     * @param after the incoming row, null for a delete
     * @return what to throw
     */
    PgError stand(
            RowSql sql,
            List<String> key,
            Kind kind,
            Standing standing,
            Row after,
            History.Cause cause,
            long change) {
        target.rollback();
        Row row = standing instanceof Standing.Present(Row here, _) ? here : null;
        Stamp written = standing.stamp().orElse(null);
        History.Image keyImage = new History.Image(sql, sql.keyColumns(), key);
        History.Image local = History.Image.of(new History.Side(sql, row, written));
        History.Image remote = History.Image.of(new History.Side(sql, after, cause.stamp()));
        long xid = Integer.toUnsignedLong(cause.xid());
        target.inTransaction(() -> {
            target.update(HaltSql.LEFT, cause.stamp().node());
            return target.update(
                    HaltSql.stand(keyImage.sql(), local.sql(), remote.sql()),
                    cause.stamp().node(),
                    cause.sourceCommitLsn(),
                    change,
                    xid,
                    sql.table().name().schema(),
                    sql.table().name().name(),
                    keyImage.values(),
                    local.values(),
                    remote.values(),
                    kind.sqlName(),
                    written == null ? null : written.micros(),
                    written == null ? null : written.node(),
                    cause.stamp().micros());
        });
        return PgError.halted(
                ("conflict %s in table %s, key %s, and its policy is error: see both rows with link"
                                + " show; choose with link skip (keeps the row here) or link skip"
                                + " --keep remote")
                        .formatted(kind.sqlName(), sql.table().name(), key));
    }
}
