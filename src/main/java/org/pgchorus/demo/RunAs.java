package org.pgchorus.demo;

import java.nio.file.Path;
import java.util.List;

/** As whom the server's programs run: PostgreSQL refuses to start for root. */
enum RunAs {
    /** As ourselves, who are not root. */
    SELF(List.of()),

    /** In a user namespace of its own, where root is nobody but still owns its files. */
    NAMESPACE(List.of("unshare", "-U")),

    /** As the user nobody, to whom the directory is given. */
    NOBODY(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));

    private final List<String> prefix;

    RunAs(List<String> prefix) {
        this.prefix = prefix;
    }

    /**
     * The words to put in front of a command; the program keeps the process id it is started in.
     */
    List<String> prefix() {
        return prefix;
    }

    /** What this machine allows. */
    static RunAs choose() {
        if (!Command.succeeds(List.of("sh", "-c", "[ \"$(id -u)\" = 0 ]"))) {
            return SELF;
        }
        return Command.succeeds(List.of("unshare", "-U", "true")) ? NAMESPACE : NOBODY;
    }

    /** Makes the directory usable for the programs; call before they first run. */
    void own(Path home) {
        if (this == NOBODY) {
            Command.run(List.of("chown", "-R", "65534:65534", home.toString()));
        }
    }
}
