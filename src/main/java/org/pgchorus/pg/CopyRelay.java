package org.pgchorus.pg;

import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyOperation;
import org.postgresql.copy.CopyOut;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/** Passes on what a COPY reads in one database to a COPY that writes in another. One thread. */
final class CopyRelay {
    /** A few network packets at a time: a message for each row would cost as much as the row. */
    private static final int BATCH_BYTES = 1 << 16;

    private final Connection source;
    private final Connection target;
    private final byte[] batch = new byte[BATCH_BYTES];
    private int filled;

    CopyRelay(Connection source, Connection target) {
        this.source = source;
        this.target = target;
    }

    /** As {@link Session#copyTo}. */
    long pass(String out, Supplier<String> in, LongConsumer bytes) {
        CopyOut reading = null;
        CopyIn writing = null;
        try {
            reading = source.unwrap(PGConnection.class).getCopyAPI().copyOut(out);
            byte[] row = reading.readFromCopy();
            if (row == null) {
                return 0;
            }
            writing = target.unwrap(PGConnection.class).getCopyAPI().copyIn(in.get());
            for (; row != null; row = reading.readFromCopy()) {
                add(row, writing, bytes);
            }
            send(writing, bytes);
            long written = writing.endCopy();
            if (written != reading.getHandledRowCount()) {
                throw PgError.busy(
                        "%d rows were read and %d written"
                                .formatted(reading.getHandledRowCount(), written));
            }
            return written;
        } catch (SQLException e) {
            throw cancelled(PgError.of(e), reading, writing);
        } catch (PgError e) {
            throw cancelled(e, reading, writing);
        }
    }

    private void add(byte[] row, CopyIn writing, LongConsumer bytes) throws SQLException {
        if (filled + row.length > batch.length) {
            send(writing, bytes);
        }
        if (row.length > batch.length) {
            writing.writeToCopy(row, 0, row.length);
            bytes.accept(row.length);
        } else {
            System.arraycopy(row, 0, batch, filled, row.length);
            filled += row.length;
        }
    }

    private void send(CopyIn writing, LongConsumer bytes) throws SQLException {
        writing.writeToCopy(batch, 0, filled);
        bytes.accept(filled);
        filled = 0;
    }

    private static PgError cancelled(PgError because, CopyOperation... operations) {
        for (CopyOperation operation : operations) {
            try {
                if (operation != null && operation.isActive()) {
                    operation.cancelCopy();
                }
            } catch (SQLException e) {
                because.addSuppressed(e);
            }
        }
        return because;
    }
}
