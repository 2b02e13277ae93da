package org.pgchorus.cli;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;

import java.nio.file.Path;
import java.util.List;

/**
 * What Helm makes of a chart, on standard output: {@code lint CHART} or {@code template CHART
 * NAME=VALUE...}. Run in a process of its own, since Helm is a foreign runtime inside of Java's.
 */
final class Chart {
    private Chart() {}

    public static void main(String[] words) {
        Helm helm = new Helm(Path.of(words[1]));
        if (words[0].equals("lint")) {
            LintResult result = helm.lint().strict().call();
            result.getMessages().forEach(System.out::println);
            System.exit(result.isFailed() ? 1 : 0);
        }
        TemplateCommand template = helm.template();
        for (String setting : List.of(words).subList(2, words.length)) {
            String[] parts = setting.split("=", 2);
            template.set(parts[0], parts[1]);
        }
        System.out.println(template.call());
    }
}
