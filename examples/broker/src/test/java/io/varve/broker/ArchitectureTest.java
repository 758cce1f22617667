// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.conditions.ArchConditions.callMethod;
import static com.tngtech.archunit.lang.conditions.ArchConditions.dependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import org.junit.jupiter.api.Test;

/** The layers of the broker: upper ones use lower ones, never sideways or up. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.varve.broker");

    @Test
    void shouldUseOnlyWhatIsBelow() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("cli")
                .definedBy("io.varve.broker.cli..")
                .layer("assembly")
                .definedBy("io.varve.broker")
                .layer("wire")
                .definedBy("io.varve.broker.wire..")
                .layer("data")
                .definedBy("io.varve.broker.data..")
                .layer("group")
                .definedBy("io.varve.broker.group..")
                .layer("admin")
                .definedBy("io.varve.broker.admin..")
                .layer("replica")
                .definedBy("io.varve.broker.replica..")
                .layer("controller")
                .definedBy("io.varve.broker.controller..")
                .layer("request")
                .definedBy("io.varve.broker.request..")
                .layer("partition")
                .definedBy("io.varve.broker.partition..")
                .layer("metadata")
                .definedBy("io.varve.broker.metadata..")
                .layer("quorum")
                .definedBy("io.varve.broker.quorum..")
                .layer("storage")
                .definedBy("io.varve.broker.storage..")
                .layer("config")
                .definedBy("io.varve.broker.config..")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("assembly")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("wire")
                .mayOnlyBeAccessedByLayers("assembly")
                .whereLayer("data")
                .mayOnlyBeAccessedByLayers("assembly")
                .whereLayer("group")
                .mayOnlyBeAccessedByLayers("assembly")
                .whereLayer("admin")
                .mayOnlyBeAccessedByLayers("assembly")
                .whereLayer("replica")
                .mayOnlyBeAccessedByLayers("assembly")
                .whereLayer("controller")
                .mayOnlyBeAccessedByLayers("assembly", "admin", "data", "cli")
                .whereLayer("request")
                .mayOnlyBeAccessedByLayers("assembly", "wire", "data", "group", "admin", "replica", "controller")
                .whereLayer("partition")
                .mayOnlyBeAccessedByLayers(
                        "assembly", "data", "group", "admin", "replica", "controller", "request", "cli")
                .whereLayer("quorum")
                .mayOnlyBeAccessedByLayers("assembly", "cli")
                .whereLayer("metadata")
                .mayOnlyBeAccessedByLayers("assembly", "data", "group", "admin", "controller", "partition", "cli")
                .check(CLASSES);
    }

    @Test
    void shouldLeaveNettyToTheTransport() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..")
                .check(CLASSES);
    }

    @Test
    void shouldLeaveKafkasClassesToTheCommandLine() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.varve.broker.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.kafka..")
                .check(CLASSES);
    }

    @Test
    void shouldLeaveZooKeepersClassesToTheCommandLine() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.varve.broker.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.zookeeper..")
                .check(CLASSES);
    }

    /** What carries decisions out; all else in the controller's package decides. */
    private static final String CARRIES_OUT =
            "Controller|ControllerElection|ControllerLoop|BrokerRegistration|ClusterSetup|ConfigWriter|Departure|IsrWriter|PartitionSizes"
                    + "|PartitionWriter|ProducerIds|Turns|Failures";

    @Test
    void shouldKeepTheDecisionsOfTheControllerPure() {
        noClasses()
                .that()
                .resideInAPackage("io.varve.broker.controller..")
                .and()
                .haveNameNotMatching(".*\\.(" + CARRIES_OUT + ")(\\$.*)?")
                .should(beImpure("io.varve.coordination.agent.."))
                .check(CLASSES);
    }

    @Test
    void shouldKeepMachinesPure() {
        noClasses()
                .that()
                .haveSimpleNameEndingWith("Machine")
                .or()
                .haveSimpleNameEndingWith("Plan")
                .or()
                .haveSimpleName("Membership")
                .or()
                .haveSimpleName("Step")
                .should(beImpure("io.varve.log.."))
                .check(CLASSES);
    }

    /** Has to do with files, sockets, threads, the clock or chance, or with what does. */
    private static ArchCondition<JavaClass> beImpure(String doer) {
        return dependOnClassesThat(resideInAnyPackage("java.nio.file..", "java.net..", "java.util.concurrent..", doer)
                        .or(type(java.util.Random.class)))
                .or(callMethod(System.class, "currentTimeMillis"))
                .or(callMethod(System.class, "nanoTime"));
    }
}
