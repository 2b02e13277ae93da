package org.pgchorus.conflict;

import org.pgchorus.model.Stamp;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.PrimitiveIterator;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * Decides which of the versions of different keys that clash with each other are live, and which
 * are displaced. Pure.
 *
 * <p>Law: a version is displaced exactly when a live one above it clashes with it. For a set of
 * versions, the newest of each key, only one split obeys that, the one of {@link #split}. Whoever
 * keeps to {@link #enter} for whatever comes in, and lets displaced ones that are free enter again
 * until none is, ends there: in whatever order versions came, and however late he looked for free
 * ones. It ends, since each return puts a version in and takes only lower ones out.
 */
public final class Displacement {
    /**
     * From the lowest to the highest: by stamp; those of one stamp by their keys' texts, in the
     * order of their code points (collation "C" in SQL). Two versions of one transaction do not
     * clash once it is applied as a whole, but those of unknown stamp may.
     */
    public static final Comparator<Version<?>> ORDER =
            Comparator.<Version<?>, Stamp>comparing(Version::stamp)
                    .thenComparing(Version::key, Displacement::compareKeys);

    private Displacement() {}

    /**
     * The newest version of a key.
     *
     * @param key the key's values as texts
     * @param row what it says
     */
    public record Version<R>(List<String> key, Stamp stamp, R row) {
        /** Copies the key. */
        public Version {
            key = List.copyOf(key);
        }
    }

    /** Versions of different keys: those in the table, no two of which clash, and those not. */
    public record Split<R>(Set<Version<R>> live, Set<Version<R>> displaced) {
        /** Copies the sets. */
        public Split {
            live = Set.copyOf(live);
            displaced = Set.copyOf(displaced);
        }

        /** No version at all. */
        public static <R> Split<R> empty() {
            return new Split<>(Set.of(), Set.of());
        }
    }

    /** What happens when a version comes in. */
    public sealed interface Entry<R> {
        /** It goes to the table; those leave it, all lower than it; maybe none. */
        record Lives<R>(List<Version<R>> displaces) implements Entry<R> {
            /** Copies the list. */
            public Lives {
                displaces = List.copyOf(displaces);
            }
        }

        /** It is displaced, and changes nothing else; by the highest that clashes with it. */
        record Yields<R>(Version<R> to) implements Entry<R> {}
    }

    /**
     * What happens when a version comes in, from elsewhere or from among the displaced.
     *
     * @param clashing all live versions of other keys that clash with it
     */
    public static <R> Entry<R> enter(Version<R> newcomer, Collection<Version<R>> clashing) {
        Optional<Version<R>> highest = clashing.stream().max(ORDER);
        if (highest.isPresent() && ORDER.compare(highest.get(), newcomer) > 0) {
            return new Entry.Yields<>(highest.get());
        }
        return new Entry.Lives<>(clashing.stream().sorted(ORDER.reversed()).toList());
    }

    /** The split of versions of different keys, from nothing. */
    public static <R> Split<R> split(Collection<Version<R>> versions, BiPredicate<R, R> clash) {
        Set<Version<R>> live = new HashSet<>();
        Set<Version<R>> displaced = new HashSet<>();
        for (Version<R> version : versions.stream().sorted(ORDER.reversed()).toList()) {
            boolean clashes = live.stream().anyMatch(v -> clash.test(v.row(), version.row()));
            (clashes ? displaced : live).add(version);
        }
        return new Split<>(live, displaced);
    }

    /** A split after a newer version of its key has come in; nothing returns yet. */
    public static <R> Split<R> put(Split<R> split, Version<R> newcomer, BiPredicate<R, R> clash) {
        Split<R> others = erase(split, newcomer.key());
        Set<Version<R>> live = new HashSet<>(others.live);
        Set<Version<R>> displaced = new HashSet<>(others.displaced);
        switch (enter(newcomer, clashing(others, newcomer, clash))) {
            case Entry.Lives<R>(List<Version<R>> displaces) -> {
                live.add(newcomer);
                displaces.forEach(live::remove);
                displaced.addAll(displaces);
            }
            case Entry.Yields<R> _ -> displaced.add(newcomer);
        }
        return new Split<>(live, displaced);
    }

    /** A split without a key; nothing returns yet. */
    public static <R> Split<R> erase(Split<R> split, List<String> key) {
        Set<Version<R>> live = new HashSet<>(split.live);
        Set<Version<R>> displaced = new HashSet<>(split.displaced);
        live.removeIf(v -> v.key().equals(key));
        displaced.removeIf(v -> v.key().equals(key));
        return new Split<>(live, displaced);
    }

    /** The highest displaced version that no live one above it clashes with. */
    public static <R> Optional<Version<R>> free(Split<R> split, BiPredicate<R, R> clash) {
        return split.displaced.stream()
                .filter(v -> enter(v, clashing(split, v, clash)) instanceof Entry.Lives<R>)
                .max(ORDER);
    }

    /** Lets displaced versions return until none is free. */
    public static <R> Split<R> settled(Split<R> split, BiPredicate<R, R> clash) {
        Split<R> now = split;
        for (Optional<Version<R>> next = free(now, clash);
                next.isPresent();
                next = free(now, clash)) {
            now = put(now, next.get(), clash);
        }
        return now;
    }

    private static <R> List<Version<R>> clashing(
            Split<R> split, Version<R> version, BiPredicate<R, R> clash) {
        List<Version<R>> clashing = new ArrayList<>();
        for (Version<R> live : split.live) {
            if (!live.key().equals(version.key()) && clash.test(live.row(), version.row())) {
                clashing.add(live);
            }
        }
        return clashing;
    }

    private static int compareKeys(List<String> one, List<String> other) {
        Iterator<String> others = other.iterator();
        for (String text : one) {
            if (!others.hasNext()) {
                return 1;
            }
            int order = compareTexts(text, others.next());
            if (order != 0) {
                return order;
            }
        }
        return others.hasNext() ? -1 : 0;
    }

    private static int compareTexts(String one, String other) {
        PrimitiveIterator.OfInt ones = one.codePoints().iterator();
        PrimitiveIterator.OfInt others = other.codePoints().iterator();
        while (ones.hasNext() && others.hasNext()) {
            int order = Integer.compare(ones.nextInt(), others.nextInt());
            if (order != 0) {
                return order;
            }
        }
        return Boolean.compare(ones.hasNext(), others.hasNext());
    }
}
