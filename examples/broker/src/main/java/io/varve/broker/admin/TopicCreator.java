// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.controller.Controller;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/**
 * Creates the topics that nobody has asked for by name: those that clients use, and the broker's own.
 *
 * <p>Threading: safe.
 */
public final class TopicCreator {

    private final Controller controller;
    private final ConfigValues values;

    public TopicCreator(Controller controller, ConfigValues values) {
        this.controller = controller;
        this.values = values;
    }

    /** What is wrong with a name, NONE when a topic may have it. */
    ErrorCode nameError(String name) {
        try {
            Controller.requireName(name);
            return ErrorCode.NONE;
        } catch (RequestException e) {
            return e.error();
        }
    }

    /** Creates a topic as it is configured for topics that are created by their first use. */
    public CompletionStage<TopicImage> createAutomatically(String name) {
        if (TopicImage.isInternal(name)) {
            Map<String, String> config = Map.of(
                    "cleanup.policy", "compact",
                    "compression.type", "producer",
                    "segment.bytes", String.valueOf(values.intValue("offsets.topic.segment.bytes")));
            return controller.createUsedTopic(new Controller.NewTopic(
                    name,
                    values.intValue("offsets.topic.num.partitions"),
                    values.intValue("offsets.topic.replication.factor"),
                    List.of(),
                    config));
        }
        return controller.createUsedTopic(new Controller.NewTopic(name, -1, -1, List.of(), Map.of()));
    }
}
