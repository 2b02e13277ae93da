/**
 * What does the operator want? Addresses, table patterns, durations and sizes as people write them.
 *
 * <p>Pure: no file and no environment variable is read here; whoever may read them passes their
 * text in. Uses only {@code model} and {@code conflict}. Doors: {@link
 * org.pgchorus.config.Address}, {@link org.pgchorus.config.NodeAddress}, {@link
 * org.pgchorus.config.TablePattern}, {@link org.pgchorus.config.Durations}, {@link
 * org.pgchorus.config.Sizes}.
 */
package org.pgchorus.config;
