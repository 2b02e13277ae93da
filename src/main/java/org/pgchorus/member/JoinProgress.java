package org.pgchorus.member;

/** Hears how a join goes on; called from several threads. */
public interface JoinProgress {
    /** A step begins, or something worth knowing was found out. */
    void step(String text);

    /**
     * Bytes copied so far, of about so many in all.
     *
     * @param table the table these came from
     */
    void copied(String table, long bytesDone, long bytesTotal, long rows);
}
