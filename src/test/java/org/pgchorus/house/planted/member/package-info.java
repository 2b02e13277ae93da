/** A planner that is not pure, and JDBC where none may be; see DoorsTest. */
package org.pgchorus.house.planted.member;
