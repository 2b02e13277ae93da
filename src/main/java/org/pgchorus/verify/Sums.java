package org.pgchorus.verify;

import java.math.BigInteger;

/**
 * What some rows amount to: how many, and the sums of their two 64-bit hashes. Pure.
 *
 * <p>Sums, not exclusive ors: a row that is there twice does not cancel itself. They are exact, so
 * they depend neither on the order of rows nor on how these were divided.
 */
record Sums(long rows, BigInteger first, BigInteger second) {
    static final Sums NONE = new Sums(0, BigInteger.ZERO, BigInteger.ZERO);

    /** Of the rows of both. */
    Sums plus(Sums other) {
        return new Sums(rows + other.rows, first.add(other.first), second.add(other.second));
    }
}
