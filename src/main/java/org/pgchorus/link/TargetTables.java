package org.pgchorus.link;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.Relation;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.DdlSql;
import org.pgchorus.sql.RowSql;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The target's tables as the source's relations meet them. One thread at a time.
 *
 * <p>A table altered at the target is seen again after the failure that the alteration causes. A
 * new column causes none; so who is about to commit asks whether one has come since ({@link
 * #asOf}).
 */
final class TargetTables {
    private final Session target;
    private final Map<Integer, Relation> described = new HashMap<>();
    private final Map<Integer, RowSql> statements = new HashMap<>();
    private final Map<Integer, FormerNames> former = new HashMap<>();
    private long deallocated;

    /** Nothing is known of any table that could be too old. */
    private static final long NOTHING_KNOWN = Long.MAX_VALUE;

    private long asOf = NOTHING_KNOWN;
    private Boolean followed;

    TargetTables(Session target) {
        this.target = target;
    }

    /** Whether columns that are added here for the whole group are noted here. */
    boolean areFollowed() {
        if (followed == null) {
            followed = target.value(DdlSql.KEEPS_ADDED_COLUMNS).equals("t");
        }
        return followed;
    }

    /**
     * What is known of tables has at least the columns noted up to this number. Whoever holds locks
     * of the tables and finds a higher one has to begin again, with nothing known.
     */
    long asOf() {
        return asOf;
    }

    /** What to say when one has come; nothing is known any more. */
    PgError outdated() {
        forgetAll();
        return PgError.again("a table has got another column meanwhile");
    }

    /** Whether no column has come since that is not known. */
    boolean areCurrent() {
        return !areFollowed()
                || asOf == NOTHING_KNOWN
                || Long.parseLong(target.value(DdlSql.LAST_ADDED_COLUMN)) <= asOf;
    }

    /** The source describes a table, for the first time or again. */
    void describe(Relation relation) {
        described.put(relation.id(), relation);
        statements.remove(relation.id());
        former.remove(relation.id());
    }

    /** The source's description of a table it sends changes of. */
    Relation relation(int id) {
        return Optional.ofNullable(described.get(id))
                .orElseThrow(
                        () -> new IllegalStateException("relation " + id + " was not described"));
    }

    /** The statements for a table if they are known already; null if not. */
    RowSql known(int id) {
        return statements.get(id);
    }

    /** What is known of a table here is looked at again. */
    void forget(TableName table) {
        statements.keySet().removeIf(id -> described.get(id).table().equals(table));
        former.keySet().removeIf(id -> described.get(id).table().equals(table));
    }

    /** The same of all tables. */
    void forgetAll() {
        statements.clear();
        former.clear();
        asOf = NOTHING_KNOWN;
        deallocated++;
    }

    /** The session's prepared statements are gone. */
    void deallocated() {
        deallocated++;
    }

    /** How often they went. */
    long deallocations() {
        return deallocated;
    }

    /**
     * The statements for a table.
     *
     * @throws PgError.Refused if the table is missing here or does not fit
     */
    RowSql statements(int id) {
        RowSql known = statements.get(id);
        if (known != null) {
            return known;
        }
        FormerNames names = names(id);
        Catalog.Described table =
                names.table()
                        .orElseThrow(() ->
                                PgError.refused(
                                        "table %s does not exist here; create it"
                                                .formatted(relation(id).table()),
                                        "42P01"));
        try {
            RowSql sql = new RowSql(names.relation(), table.table());
            statements.put(id, sql);
            return sql;
        } catch (IllegalArgumentException e) {
            throw PgError.refused(e.getMessage() + "; add it here", "42703");
        }
    }

    private FormerNames names(int id) {
        FormerNames known = former.get(id);
        if (known == null) {
            if (asOf == NOTHING_KNOWN && areFollowed()) {
                asOf = Long.parseLong(target.value(DdlSql.LAST_ADDED_COLUMN));
            }
            known = FormerNames.of(target, relation(id));
            former.put(id, known);
        }
        return known;
    }

    /** Whether a table of the source was dropped here for the whole group. */
    boolean isGone(int id) {
        return !statements.containsKey(id) && names(id).isGone();
    }

    /** Whether rows of a table come with columns dropped here, or without some added here. */
    boolean isTranslated(int id) {
        return names(id).isTranslated();
    }

    /** A change with the columns of here. */
    Message translated(int id, Message change) {
        return names(id).translated(change);
    }

    /** Which change of which transaction a message is, for people. */
    String inWords(Message.Begin transaction, NodeName from, long number, Message change) {
        return "transaction %s of node %s, committed %s at %s, change %d: %s"
                .formatted(
                        Integer.toUnsignedString(transaction.xid()),
                        from,
                        Stamp.instantOf(transaction.commitMicros()),
                        transaction.commitLsn(),
                        number,
                        inWords(change));
    }

    /** What a message does to which table, for people. */
    private String inWords(Message message) {
        return switch (message) {
            case Message.Insert insert -> "insert into " + relation(insert.relation()).table();
            case Message.Update update -> "update of " + relation(update.relation()).table();
            case Message.Delete delete -> "delete from " + relation(delete.relation()).table();
            case Message.Truncate truncate ->
                    "truncate of "
                            + truncate.relations().stream()
                                    .map(id -> relation(id).table().toString())
                                    .toList();
            case Message.LogicalMessage _ -> "a change of the schema";
            default -> "message";
        };
    }
}
