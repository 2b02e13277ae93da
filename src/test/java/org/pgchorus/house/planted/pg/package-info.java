/** The upper end of a planted cycle; see DoorsTest. */
package org.pgchorus.house.planted.pg;
