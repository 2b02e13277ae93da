/**
 * What do we talk about? The nouns of replication: nodes, positions, stamps, tables, rows, changes.
 *
 * <p>Pure values; no input or output, no clock. Uses no other room; every room may use it.
 */
package org.pgchorus.model;
