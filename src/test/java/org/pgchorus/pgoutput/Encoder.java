package org.pgchorus.pgoutput;

import org.pgchorus.model.Relation;
import org.pgchorus.model.Row;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes messages as a server would, from the manual alone; shares no code with the decoder. */
final class Encoder {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);

    private Encoder() {}

    static byte[] encode(Message message) {
        Encoder encoder = new Encoder();
        try {
            encoder.write(message);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return encoder.bytes.toByteArray();
    }

    private void write(Message message) throws IOException {
        switch (message) {
            case Message.Begin begin -> {
                out.writeByte('B');
                out.writeLong(begin.commitLsn().bytes());
                out.writeLong(begin.commitMicros());
                out.writeInt(begin.xid());
            }
            case Message.Commit commit -> {
                out.writeByte('C');
                out.writeByte(0);
                out.writeLong(commit.commitLsn().bytes());
                out.writeLong(commit.endLsn().bytes());
                out.writeLong(commit.commitMicros());
            }
            case Message.Origin origin -> {
                out.writeByte('O');
                out.writeLong(origin.commitLsn().bytes());
                name(origin.name());
            }
            case Message.Describe(Relation relation) -> describe(relation);
            case Message.Type type -> {
                out.writeByte('Y');
                out.writeInt(type.oid());
                schema(type.schema());
                name(type.name());
            }
            case Message.Insert insert -> {
                out.writeByte('I');
                out.writeInt(insert.relation());
                row('N', insert.after());
            }
            case Message.Update update -> {
                out.writeByte('U');
                out.writeInt(update.relation());
                if (update.before().isPresent()) {
                    row(update.keyOnly() ? 'K' : 'O', update.before().get());
                }
                row('N', update.after());
            }
            case Message.Delete delete -> {
                out.writeByte('D');
                out.writeInt(delete.relation());
                row(delete.keyOnly() ? 'K' : 'O', delete.before());
            }
            case Message.Truncate truncate -> {
                out.writeByte('T');
                out.writeInt(truncate.relations().size());
                out.writeByte((truncate.cascade() ? 1 : 0) + (truncate.restartIdentity() ? 2 : 0));
                for (int relation : truncate.relations()) {
                    out.writeInt(relation);
                }
            }
            case Message.LogicalMessage said -> {
                out.writeByte('M');
                out.writeByte(said.transactional() ? 1 : 0);
                out.writeLong(said.lsn().bytes());
                name(said.prefix());
                out.writeInt(said.content().remaining());
                content(said.content());
            }
        }
    }

    private void describe(Relation relation) throws IOException {
        out.writeByte('R');
        out.writeInt(relation.id());
        schema(relation.table().schema());
        name(relation.table().name());
        out.writeByte(relation.identity());
        out.writeShort(relation.columns().size());
        for (Relation.Column column : relation.columns()) {
            out.writeByte(column.key() ? 1 : 0);
            name(column.name());
            out.writeInt(column.typeOid());
            out.writeInt(column.typeModifier());
        }
    }

    private void row(char marker, Row row) throws IOException {
        out.writeByte(marker);
        out.writeShort(row.size());
        for (int i = 0; i < row.size(); i++) {
            if (row.isNull(i)) {
                out.writeByte('n');
            } else if (row.isUnchanged(i)) {
                out.writeByte('u');
            } else {
                out.writeByte(row.isBinary(i) ? 'b' : 't');
                out.writeInt(row.bytes(i).remaining());
                content(row.bytes(i));
            }
        }
    }

    private void schema(String schema) throws IOException {
        name(schema.equals("pg_catalog") ? "" : schema);
    }

    private void name(String name) throws IOException {
        out.write(name.getBytes(StandardCharsets.UTF_8));
        out.writeByte(0);
    }

    private void content(ByteBuffer content) throws IOException {
        byte[] copy = new byte[content.remaining()];
        content.get(copy);
        out.write(copy);
    }
}
