package org.pgchorus.verify;

import org.pgchorus.model.TableName;

/** Hears how a comparison goes on. Called from any thread. */
public interface VerifyProgress {
    /** Hears nothing. */
    VerifyProgress SILENT =
            new VerifyProgress() {
                @Override
                public void compared(TableName table, long rows) {}

                @Override
                public void waiting(TableName table, long suspects) {}
            };

    /** So many more rows of a table were read, on the node that has most. */
    void compared(TableName table, long rows);

    /** So many rows of a table are looked at again when what is under way has arrived. */
    void waiting(TableName table, long suspects);
}
