package org.pgchorus.bench;

/**
 * What all contestants of a run have in common.
 *
 * @param major PostgreSQL's major version
 * @param daemonClass whose {@code main} takes {@code run NAME=ADDRESS...}
 * @param heapMegabytes the daemon's memory
 */
public record Terms(int major, String daemonClass, int heapMegabytes) {}
