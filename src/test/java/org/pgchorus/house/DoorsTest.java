package org.pgchorus.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;

import org.junit.jupiter.api.Test;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The floor plan holds: arrows go through doors, JDBC stays in one room, the heart is pure.
 *
 * <p>Each rule is also shown the house under {@code house.planted}, whose faults it must find.
 */
class DoorsTest {
    private static final String ROOT = "org.pgchorus";
    private static final JavaClasses HOUSE =
            new ClassFileImporter()
                    .withImportOption(place -> !place.contains("/test-classes/"))
                    .importPackages(ROOT);

    private static final String PLANTED_ROOT = "org.pgchorus.house.planted";
    private static final JavaClasses PLANTED = new ClassFileImporter().importPackages(PLANTED_ROOT);

    private final Doors doors = new Doors(ROOT, Room.PLAN);
    private final Doors plantedDoors = new Doors(PLANTED_ROOT, Room.PLAN);

    @Test
    void thePlanItselfLeadsOnlyDown() {
        Set<String> below = new HashSet<>();
        for (Room room : Room.PLAN) {
            assertThat(below).as("doors of %s", room.name()).containsAll(room.doors());
            assertThat(below.add(room.name())).as("%s stands once", room.name()).isTrue();
        }
    }

    @Test
    void theHouseIsRead() {
        assertThat(HOUSE.contain("org.pgchorus.model.Lsn")).isTrue();
        assertThat(HOUSE.contain("org.pgchorus.house.Doors")).isFalse();
    }

    @Test
    void everyUseHasADoor() {
        assertThat(doors.withoutDoor(HOUSE)).isEmpty();
    }

    @Test
    void onlyOneRoomSpeaksJdbc() {
        assertThat(doors.jdbcOutside("pg", HOUSE)).isEmpty();
    }

    @Test
    void noRoomIsNamedForNothing() {
        assertThat(doors.namedForNothing(HOUSE, Room.NAMES_FOR_NOTHING)).isEmpty();
    }

    @Test
    void packagesFormNoCycle() {
        assertThat(doors.cycle(HOUSE)).isEmpty();
    }

    @Test
    void theHeartIsPure() {
        assertThat(Purity.violations(HOUSE, Purity.byPlan(ROOT, Room.PLAN))).isEmpty();
    }

    @Test
    void aPlantedArrowUpIsFound() {
        assertThat(plantedDoors.withoutDoor(PLANTED))
                .anyMatch(it -> it.startsWith("no door from model to pg:"))
                .anyMatch(it -> it.endsWith("planted.helper.Stray is in no room of the plan"))
                .noneMatch(it -> it.startsWith("no door from pg to model"));
    }

    @Test
    void plantedJdbcIsFound() {
        assertThat(plantedDoors.jdbcOutside("pg", PLANTED))
                .isNotEmpty()
                .allMatch(it -> it.contains("planted.member.TripPlanner"));
    }

    @Test
    void aPlantedNameForNothingIsFound() {
        assertThat(plantedDoors.namedForNothing(PLANTED, Room.NAMES_FOR_NOTHING))
                .containsExactly(PLANTED_ROOT + ".helper is named for nothing: helper");
    }

    @Test
    void aPlantedCycleIsFound() {
        assertThat(plantedDoors.cycle(PLANTED))
                .contains("%1$s.model -> %1$s.pg -> %1$s.model".formatted(PLANTED_ROOT));
    }

    @Test
    void plantedImpurityIsFound() {
        List<String> found = Purity.violations(PLANTED, Purity.byPlan(PLANTED_ROOT, Room.PLAN));
        for (String touched :
                List.of(
                        "java.time.Instant.now()",
                        "java.lang.System.nanoTime()",
                        "java.util.Date.<init>()",
                        "java.nio.file.Files",
                        "java.net.Socket",
                        "java.lang.Thread",
                        "java.lang.System.getenv",
                        "java.sql.Connection")) {
            assertThat(found).as(touched).anyMatch(it -> it.contains(touched));
        }
        assertThat(found)
                .noneMatch(it -> it.contains("java.net.URI"))
                .noneMatch(it -> it.contains("Accomplice.nanos"));
    }
}
