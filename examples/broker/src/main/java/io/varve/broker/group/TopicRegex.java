// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.varve.broker.metadata.TopicImage;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Regular expressions of topics, in RE2's syntax as KIP-848 has it: they take time linear in the length of a name, whatever they say. As
 * they come from clients their length is limited, and with it how deep they nest and how large a program they become.
 */
final class TopicRegex {

    /** Most characters of an expression; thousands of parentheses would exhaust the stack of the lane that compiles them. */
    static final int MAX_LENGTH = 1000;

    private TopicRegex() {}

    /** What is wrong with an expression, null when it can be used. */
    static @Nullable String fault(String regex) {
        if (regex.length() > MAX_LENGTH) {
            return "longer than " + MAX_LENGTH + " characters; name the topics instead";
        }
        try {
            Pattern.compile(regex);
            return null;
        } catch (PatternSyntaxException e) {
            return e.getMessage();
        }
    }

    /**
     * The topics whose whole name an expression stands for; none for one that cannot be used. Those that the broker keeps for itself are
     * read only by whoever names them.
     */
    static SortedSet<String> topics(String regex, Topics topics) {
        SortedSet<String> matching = new TreeSet<>();
        if (fault(regex) == null) {
            Pattern pattern = Pattern.compile(regex);
            topics.names().stream()
                    .filter(name -> !TopicImage.isInternal(name))
                    .filter(pattern::matches)
                    .forEach(name -> matching.add(name));
        }
        return matching;
    }
}
