package org.pgchorus.cli;

import org.pgchorus.daemon.SettingOrders;
import org.pgchorus.daemon.SettingOrders.Shown;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code pgchorus group show}: the settings of a group. */
@Command(
        name = "show",
        description = "Shows the settings of a group, which are the same on every node.",
        footer = {
            "  pgchorus group show --group postgresql://postgres@db1/app",
            "  pgchorus group show --json | jq -r '.settings[] | select(.default | not)'",
        })
final class GroupShowCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        return tell(SettingOrders.show(group.address()), output, spec);
    }

    /** Prints settings; the exit status. */
    static int tell(Shown shown, Output output, CommandSpec spec) {
        output.print(() -> text(shown), () -> json(shown));
        shown.differences().forEach(d -> Failures.print(spec.commandLine().getErr(), d));
        return shown.differences().isEmpty() ? Exit.WELL : Exit.DIFFERS;
    }

    /** The answer for people. */
    static String text(Shown shown) {
        Grid grid = new Grid("setting", "value", "default", "meaning");
        shown.values()
                .forEach(v ->
                        grid.row(
                                v.setting().key(),
                                v.value(),
                                v.setting().standard(),
                                v.setting().meaning()));
        return "group %s\n\n%s".formatted(shown.groupId(), grid.text());
    }

    /** The answer for programs. */
    static Map<String, Object> json(Shown shown) {
        List<Map<String, Object>> settings =
                shown.values().stream()
                        .map(v ->
                                Json.object(
                                        "name", v.setting().key(),
                                        "value", v.value(),
                                        "default", v.isDefault(),
                                        "meaning", v.setting().meaning()))
                        .toList();
        return Json.object(
                "group", shown.groupId(),
                "settings", settings,
                "differences", shown.differences());
    }
}
