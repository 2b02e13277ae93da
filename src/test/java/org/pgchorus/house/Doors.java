package org.pgchorus.house;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Reads compiled classes against a floor plan and says, one sentence per violation, who uses whom
 * without a door.
 *
 * <p>Takes classes and root as parameters, so that a test can show it a house with planted faults.
 */
final class Doors {
    private final String root;
    private final Map<String, Room> rooms;

    /**
     * @param root the package whose sub-packages are the rooms
     */
    Doors(String root, List<Room> plan) {
        this.root = root;
        this.rooms = plan.stream().collect(Collectors.toMap(Room::name, Function.identity()));
    }

    /** Every use of a room without a door to it, and every class that is in no room of the plan. */
    List<String> withoutDoor(JavaClasses classes) {
        SortedSet<String> violations = new TreeSet<>();
        for (JavaClass user : classes) {
            Optional<String> from = roomOf(user);
            if (from.isEmpty() || !rooms.containsKey(from.get())) {
                violations.add(user.getName() + " is in no room of the plan");
                continue;
            }
            Room room = rooms.get(from.get());
            for (Dependency use : user.getDirectDependenciesFromSelf()) {
                roomOf(use.getTargetClass().getBaseComponentType())
                        .filter(to -> !to.equals(room.name()) && !room.doors().contains(to))
                        .ifPresent(to ->
                                violations.add(
                                        "no door from %s to %s: %s"
                                                .formatted(room.name(), to, use.getDescription())));
            }
        }
        return List.copyOf(violations);
    }

    /** Every use of JDBC or of the PostgreSQL driver outside the one room for it. */
    List<String> jdbcOutside(String onlyRoom, JavaClasses classes) {
        SortedSet<String> violations = new TreeSet<>();
        for (JavaClass user : classes) {
            if (roomOf(user).equals(Optional.of(onlyRoom))) {
                continue;
            }
            for (Dependency use : user.getDirectDependenciesFromSelf()) {
                String target = use.getTargetClass().getBaseComponentType().getPackageName();
                if (target.matches("(javax?\\.sql|org\\.postgresql)(\\..*)?")) {
                    violations.add("JDBC outside " + onlyRoom + ": " + use.getDescription());
                }
            }
        }
        return List.copyOf(violations);
    }

    /** Every package with a name that says nothing. */
    List<String> namedForNothing(JavaClasses classes, Set<String> names) {
        SortedSet<String> violations = new TreeSet<>();
        for (JavaClass inside : classes) {
            String packageName = inside.getPackageName();
            Arrays.stream(packageName.substring(root.length()).split("\\.", -1))
                    .filter(names::contains)
                    .forEach(
                            name -> violations.add(packageName + " is named for nothing: " + name));
        }
        return List.copyOf(violations);
    }

    /** A cycle of packages, written as {@code a -> b -> a}, if there is one. */
    Optional<String> cycle(JavaClasses classes) {
        Map<String, SortedSet<String>> uses = new TreeMap<>();
        for (JavaClass user : classes) {
            for (Dependency use : user.getDirectDependenciesFromSelf()) {
                String from = user.getPackageName();
                String to = use.getTargetClass().getBaseComponentType().getPackageName();
                if (!from.equals(to) && inside(to)) {
                    uses.computeIfAbsent(from, _ -> new TreeSet<>()).add(to);
                }
            }
        }
        Set<String> cleared = new TreeSet<>();
        return uses.keySet().stream()
                .flatMap(start -> cycleThrough(start, new ArrayDeque<>(), cleared, uses).stream())
                .findFirst();
    }

    private static Optional<String> cycleThrough(
            String here,
            Deque<String> path,
            Set<String> cleared,
            Map<String, SortedSet<String>> uses) {
        if (path.contains(here)) {
            List<String> walked = new ArrayList<>(path);
            walked.add(here);
            return Optional.of(
                    String.join(" -> ", walked.subList(walked.indexOf(here), walked.size())));
        }
        if (cleared.contains(here)) {
            return Optional.empty();
        }
        path.addLast(here);
        for (String next : uses.getOrDefault(here, new TreeSet<>())) {
            Optional<String> found = cycleThrough(next, path, cleared, uses);
            if (found.isPresent()) {
                return found;
            }
        }
        path.removeLast();
        cleared.add(here);
        return Optional.empty();
    }

    /**
     * The room a class is in: empty outside the house, an unplanned name if there is no such room.
     */
    private Optional<String> roomOf(JavaClass any) {
        if (!inside(any.getPackageName())) {
            return Optional.empty();
        }
        String below = any.getPackageName().substring(root.length());
        return Optional.of(below.isEmpty() ? "" : below.substring(1).replaceFirst("\\..*", ""));
    }

    private boolean inside(String packageName) {
        return packageName.equals(root) || packageName.startsWith(root + ".");
    }
}
