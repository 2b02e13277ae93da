package org.pgchorus.member;

/** Hears how a join goes on; called from several threads. */
public interface JoinProgress {
    /** Hears nothing. */
    JoinProgress SILENT =
            new JoinProgress() {
                @Override
                public void step(String text) {}

                @Override
                public void copied(String table, long bytesDone, long bytesTotal, long rows) {}
            };

    /** A step begins, or something worth knowing was found out. */
    void step(String text);

    /**
     * Bytes copied so far, of about so many in all.
     *
     * @param table the table these came from
     * @param rows of it that came to their end since the last call
     */
    void copied(String table, long bytesDone, long bytesTotal, long rows);

    /** How far one table is, in bytes of it, and of how many; for whoever shows that. */
    default void table(String table, long bytesDone, long bytesTotal) {}
}
