package org.pgchorus.bench;

import org.pgchorus.config.Address;

/**
 * From one database to another.
 *
 * @param slot by which the source knows how far the target is
 */
record Direction(Address source, Address target, String slot) {}
