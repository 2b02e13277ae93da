package org.pgchorus.house.planted.member;

import java.sql.Connection;

/** Pure by its name, with a connection in its hand. */
public record TripPlanner(Connection connection) {}
