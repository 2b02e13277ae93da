package org.pgchorus.house;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;

import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds what a pure class must not touch: databases, sockets, files, threads, clocks, chance, logs,
 * the environment.
 *
 * <p>Only what a class itself names is seen, not what the classes it calls do in their turn; those
 * are in pure rooms too, or behind a door that is not there.
 */
final class Purity {
    /** Whole types; each alternative matches a package or a class by the start of its name. */
    private static final Pattern IMPURE_TYPE =
            Pattern.compile(
                    "(javax?\\.sql|org\\.postgresql|com\\.sun\\.net)\\..*"
                            + "|java\\.net\\.(?!URI$|URISyntaxException$|URLDecoder$|URLEncoder$).*"
                            + "|java\\.io\\.(File|RandomAccessFile|Console).*"
                            + "|java\\.nio\\.(file\\.(?!Path$|InvalidPathException$)|channels\\.).*"
                            + "|java\\.lang\\.(Thread|InheritableThread|Process|Runtime$).*"
                            + "|java\\.util\\.Timer.*"
                            + "|java\\.util\\.concurrent\\.(?!TimeUnit$).*"
                            + "|java\\.time\\.(Clock|InstantSource).*"
                            + "|(org\\.slf4j|java\\.util\\.logging|ch\\.qos\\.logback)\\..*");

    /** Single functions and fields of types that are pure otherwise, as {@code Owner.name}. */
    private static final Pattern IMPURE_MEMBER =
            Pattern.compile(
                    "java\\.lang\\.System\\.(?!arraycopy$|identityHashCode$|lineSeparator$).*"
                            + "|java\\.time\\.\\w+\\.now"
                            + "|java\\.lang\\.Math\\.random"
                            + "|java\\.util\\.UUID\\.randomUUID"
                            + "|java\\.lang\\.(Object|Throwable)\\.(wait|notify|printStackTrace).*"
                            + "|java\\.nio\\.file\\.Path\\.(toRealPath|toFile|register)");

    private Purity() {}

    /** Whatever impure thing the classes chosen touch, one sentence each. */
    static List<String> violations(JavaClasses classes, Predicate<JavaClass> mustBePure) {
        SortedSet<String> violations = new TreeSet<>();
        for (JavaClass pure : classes.that(describe(mustBePure))) {
            for (Dependency use : pure.getDirectDependenciesFromSelf()) {
                String target = use.getTargetClass().getBaseComponentType().getName();
                if (IMPURE_TYPE.matcher(target).matches()) {
                    violations.add("not pure: " + use.getDescription());
                }
            }
            for (JavaAccess<?> access : pure.getAccessesFromSelf()) {
                if (isImpure(access.getTarget())) {
                    violations.add("not pure: " + access.getDescription());
                }
            }
        }
        return List.copyOf(violations);
    }

    private static boolean isImpure(AccessTarget target) {
        String owner = target.getOwner().getName();
        boolean readsTheClock =
                owner.equals("java.util.Date") && target.getFullName().endsWith("<init>()");
        return readsTheClock || IMPURE_MEMBER.matcher(owner + "." + target.getName()).matches();
    }

    /** Pure by their room, or by their name: planners, the differ, the chooser. */
    static Predicate<JavaClass> byPlan(String root, List<Room> plan) {
        Set<String> pureRooms =
                plan.stream()
                        .filter(Room::pure)
                        .map(Room::name)
                        .collect(Collectors.toUnmodifiableSet());
        Pattern pureName = Pattern.compile(".*Planner|Differ|Chooser");
        return candidate -> {
            String name = candidate.getName().replaceFirst("\\$.*", "");
            String below = name.substring(root.length() + 1);
            String room = below.replaceFirst("\\..*", "");
            return pureRooms.contains(room)
                    || pureName.matcher(name.substring(name.lastIndexOf('.') + 1)).matches();
        };
    }

    private static DescribedPredicate<JavaClass> describe(Predicate<JavaClass> predicate) {
        return DescribedPredicate.describe("must be pure", predicate);
    }
}
