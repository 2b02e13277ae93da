package org.pgchorus.pgoutput;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.Relation;
import org.pgchorus.model.Row;
import org.pgchorus.model.TableName;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Turns the bytes of one {@code pgoutput} message into a {@link Message}. Pure.
 *
 * <p>Layout, protocol version 1. Integers are big-endian; {@code cstr} is UTF-8 ended by a zero;
 * {@code n × ( )} is the parenthesis n times; a lone letter in quotes is one byte.
 *
 * <pre>
 *   'B'  begin     i64 commitLsn  i64 commitMicros  u32 xid
 *   'C'  commit    u8 flags=0  i64 commitLsn  i64 endLsn  i64 commitMicros
 *   'O'  origin    i64 commitLsn  cstr name
 *   'R'  describe  u32 oid  cstr schema  cstr table  identity  u16 n  n × column
 *   'Y'  type      u32 oid  cstr schema  cstr type
 *   'I'  insert    u32 relation  'N' tuple
 *   'U'  update    u32 relation  [('K'|'O') tuple]  'N' tuple
 *   'D'  delete    u32 relation  ('K'|'O') tuple
 *   'T'  truncate  i32 n  u8 options  n × ( u32 relation )
 *   'M'  message   u8 flags  i64 lsn  cstr prefix  i32 length  length × ( byte )
 *
 *   identity       'd' default | 'n' nothing | 'f' full | 'i' index
 *   column         u8 flags: 1 part of the identity  cstr name  u32 typeOid  i32 typeModifier
 *   tuple          u16 n  n × value
 *   value          'n' null | 'u' unchanged | ('t' text | 'b' binary) i32 length  bytes
 *   options        1 CASCADE | 2 RESTART IDENTITY, added
 *   flags of 'M'   1 transactional
 *   schema         the empty string stands for pg_catalog
 * </pre>
 *
 * <p>Whatever is not drawn here is refused: letters of later protocol versions, other flags, bytes
 * left over. Hence every message has one spelling, the one a server writes (but {@code pg_catalog}
 * in full is understood too). Whether a row has as many values as its table has columns is not
 * known here: that takes an earlier message.
 *
 * <p>Source: PostgreSQL manual, "Logical Replication Message Formats", and its {@code proto.c}.
 */
public final class Decoder {
    /** Flags, an empty name's zero, oid and modifier: no column takes less. */
    private static final int COLUMN_MIN_BYTES = 10;

    private static final int VALUE_MIN_BYTES = 1;
    private static final int OID_BYTES = 4;

    private static final int CASCADE = 1;
    private static final int RESTART_IDENTITY = 2;

    private static final int NULL_LENGTH = -1;
    private static final int UNCHANGED_LENGTH = -2;

    private Decoder() {}

    /**
     * Reads the one message between the buffer's position and its limit; moves neither.
     *
     * <p>Values are not copied: rows and contents are views into the buffer's array, which must not
     * be written to as long as the message is in use.
     *
     * @param in a buffer on the heap, with an array that can be reached
     * @throws MalformedMessage if a tag or flag is unknown, a length is negative or runs past the
     *     end, a name is not UTF-8 or has no end, or bytes are left over; the stream cannot be
     *     trusted from there on
     */
    public static Message decode(ByteBuffer in) {
        Cursor cursor = new Cursor(in);
        Message message = message(cursor);
        cursor.requireEnd();
        return message;
    }

    private static Message message(Cursor in) {
        int tag = in.u8();
        return switch (tag) {
            case 'B' -> new Message.Begin(lsn(in), in.i64(), in.i32());
            case 'C' -> commit(in);
            case 'O' -> new Message.Origin(lsn(in), in.cstr());
            case 'R' -> new Message.Describe(relation(in));
            case 'Y' -> new Message.Type(in.i32(), schema(in), in.cstr());
            case 'I' -> insert(in);
            case 'U' -> update(in);
            case 'D' -> delete(in);
            case 'T' -> truncate(in);
            case 'M' -> logicalMessage(in);
            default -> throw in.malformed("unknown message tag", tag);
        };
    }

    private static Message commit(Cursor in) {
        in.flags(0);
        return new Message.Commit(lsn(in), lsn(in), in.i64());
    }

    private static Relation relation(Cursor in) {
        int oid = in.i32();
        TableName table = new TableName(schema(in), in.cstr());
        char identity = identity(in);
        int count = in.u16();
        in.requireRoomFor(count, COLUMN_MIN_BYTES);
        List<Relation.Column> columns = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            boolean key = in.flags(1) == 1;
            columns.add(new Relation.Column(in.cstr(), key, in.i32(), in.i32()));
        }
        return new Relation(oid, table, identity, columns);
    }

    private static char identity(Cursor in) {
        int letter = in.u8();
        return switch (letter) {
            case 'd', 'n', 'f', 'i' -> (char) letter;
            default -> throw in.malformed("unknown replica identity", letter);
        };
    }

    private static Message insert(Cursor in) {
        int relation = in.i32();
        int marker = in.u8();
        return switch (marker) {
            case 'N' -> new Message.Insert(relation, row(in));
            default -> throw in.malformed("unknown row marker in insert", marker);
        };
    }

    private static Message update(Cursor in) {
        int relation = in.i32();
        int marker = in.u8();
        return switch (marker) {
            case 'N' -> new Message.Update(relation, false, Optional.empty(), row(in));
            case 'K', 'O' -> {
                Optional<Row> before = Optional.of(row(in));
                int second = in.u8();
                if (second != 'N') {
                    throw in.malformed("unknown second row marker in update", second);
                }
                yield new Message.Update(relation, marker == 'K', before, row(in));
            }
            default -> throw in.malformed("unknown row marker in update", marker);
        };
    }

    private static Message delete(Cursor in) {
        int relation = in.i32();
        int marker = in.u8();
        return switch (marker) {
            case 'K', 'O' -> new Message.Delete(relation, marker == 'K', row(in));
            default -> throw in.malformed("unknown row marker in delete", marker);
        };
    }

    private static Message truncate(Cursor in) {
        int count = in.length();
        int options = in.flags(CASCADE | RESTART_IDENTITY);
        in.requireRoomFor(count, OID_BYTES);
        List<Integer> relations = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            relations.add(in.i32());
        }
        return new Message.Truncate(
                relations, (options & CASCADE) != 0, (options & RESTART_IDENTITY) != 0);
    }

    private static Message logicalMessage(Cursor in) {
        boolean transactional = in.flags(1) == 1;
        Lsn lsn = lsn(in);
        String prefix = in.cstr();
        int length = in.length();
        int start = in.skip(length);
        return new Message.LogicalMessage(
                transactional, lsn, prefix, ByteBuffer.wrap(in.array(), start, length));
    }

    private static Row row(Cursor in) {
        int count = in.u16();
        in.requireRoomFor(count, VALUE_MIN_BYTES);
        int[] starts = new int[count];
        int[] lengths = new int[count];
        boolean[] binary = new boolean[count];
        for (int i = 0; i < count; i++) {
            int kind = in.u8();
            switch (kind) {
                case 'n' -> lengths[i] = NULL_LENGTH;
                case 'u' -> lengths[i] = UNCHANGED_LENGTH;
                case 't', 'b' -> {
                    binary[i] = kind == 'b';
                    lengths[i] = in.length();
                    starts[i] = in.skip(lengths[i]);
                }
                default -> throw in.malformed("unknown kind of value", kind);
            }
        }
        return new Row(in.array(), starts, lengths, binary);
    }

    private static Lsn lsn(Cursor in) {
        return new Lsn(in.i64());
    }

    private static String schema(Cursor in) {
        String name = in.cstr();
        return name.isEmpty() ? "pg_catalog" : name;
    }
}
