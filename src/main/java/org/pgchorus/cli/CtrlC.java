package org.pgchorus.cli;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * What Ctrl-C does, for commands that end well by themselves when asked to.
 *
 * <p>A shutdown hook cannot do it: hooks run side by side, and what the command still needs is
 * closed by others. The JDK has the other way in its module {@code jdk.unsupported} only, whose
 * names the compiler may not see without a warning; hence by reflection. On a JVM without that
 * module Ctrl-C ends the program as always, with all clean-up.
 */
final class CtrlC {
    private CtrlC() {}

    /** From now on Ctrl-C runs this, on a thread of its own, and nothing else. */
    static void runs(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            MethodHandle run =
                    lookup.findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                            .bindTo(action);
            Object handling =
                    MethodHandleProxies.asInterfaceInstance(
                            handler, MethodHandles.dropArguments(run, 0, signal));
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("INT"), handling);
        } catch (ReflectiveOperationException | IllegalArgumentException unavailable) {
            org.slf4j.LoggerFactory.getLogger(CtrlC.class)
                    .debug("Ctrl-C keeps its usual meaning", unavailable);
        }
    }
}
