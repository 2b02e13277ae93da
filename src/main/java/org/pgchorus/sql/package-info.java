/**
 * How is that said in SQL? Texts of statements, and names of slots and origins, from descriptions.
 *
 * <p>Pure text: nothing here runs a statement. Uses {@code model} and {@code conflict}. Whole
 * scripts lie beside it as {@code *.sql} resources that run in psql as they stand.
 */
package org.pgchorus.sql;
