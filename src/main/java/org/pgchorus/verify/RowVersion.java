package org.pgchorus.verify;

import java.math.BigInteger;

/**
 * What was read of a row on one node. Pure.
 *
 * @param digest the same on all nodes where the row's values are; without a key, how many there are
 * @param xmin what wrote it there, so that a row that was changed and changed back is not taken for
 *     the same version; means nothing on other nodes. Without a key, the sum of those of all
 */
record RowVersion(String digest, String xmin) {
    /** Both, of rows that should be one: a parent's and a child's, or those of a broken index. */
    RowVersion and(RowVersion other) {
        return digest.compareTo(other.digest) <= 0
                ? new RowVersion(digest + "+" + other.digest, xmin + "+" + other.xmin)
                : other.and(this);
    }

    /** Of equal rows without a key, counted in two parts. */
    RowVersion plus(RowVersion other) {
        return new RowVersion(sum(digest, other.digest), sum(xmin, other.xmin));
    }

    private static String sum(String a, String b) {
        return new BigInteger(a).add(new BigInteger(b)).toString();
    }
}
