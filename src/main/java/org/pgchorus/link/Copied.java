package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.LinkSql;

import java.util.Optional;

/** Which of a writer's transactions the copy of a join has brought already. Immutable. */
record Copied(Optional<SnapshotText> snapshot, Lsn until) {
    /** As the join has left it to a link. */
    static Copied of(LinkPlan plan, Session target) {
        return target.first(
                        LinkSql.SKIP,
                        row -> new Copied(Optional.of(SnapshotText.parse(row.text(1))), row.lsn(2)),
                        plan.fromId())
                .orElseGet(() -> new Copied(Optional.empty(), Lsn.ZERO));
    }

    /** Whether a transaction may have been copied. */
    boolean mayHave(Message.Begin begin) {
        return snapshot.isPresent() && until.isAfter(begin.commitLsn());
    }

    /** Whether it was. */
    boolean has(Message.Begin begin) {
        return mayHave(begin) && snapshot.get().sees(begin.xid());
    }
}
