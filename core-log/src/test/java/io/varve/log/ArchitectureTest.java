// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/** The arrows inside the module, and what stays behind doors. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.varve.log");

    @Test
    void shouldPointDownwards() {
        noClasses()
                .that()
                .resideInAPackage("io.varve.log.storage")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.varve.log", "io.varve.log.batch", "io.varve.log.index")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("io.varve.log.batch")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.varve.log", "io.varve.log.storage", "io.varve.log.index")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("io.varve.log.index")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.varve.log", "io.varve.log.batch")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("io.varve.log.compact")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.varve.log", "io.varve.log.index", "io.varve.log.job")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAnyPackage("io.varve.log.storage", "io.varve.log.batch", "io.varve.log.index")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.varve.log.compact")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("io.varve.log.walk")
                .should()
                .dependOnClassesThat(resideInAPackage("io.varve.log..")
                        .and(resideOutsideOfPackages(
                                "io.varve.log.walk", "io.varve.log.batch", "io.varve.log.storage")))
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.varve.log.storage", "io.varve.log.batch", "io.varve.log.index", "io.varve.log.compact")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.varve.log.walk")
                .check(CLASSES);
        noClasses()
                .that()
                .resideOutsideOfPackage("io.varve.log.tool")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.varve.log.tool")
                .check(CLASSES);
        SlicesRuleDefinition.slices()
                .matching("io.varve.(log..)")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void shouldShowFewTypes() {
        assertThat(CLASSES.stream()
                        .filter(type -> type.getPackageName().equals("io.varve.log")
                                && type.isTopLevelClass()
                                && type.getModifiers().contains(JavaModifier.PUBLIC)))
                .hasSizeBetween(1, 14);
    }

    @Test
    void shouldReachFilesThroughStorageAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.varve.log.storage")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.nio.file.Files")
                .check(CLASSES);
    }

    @Test
    void shouldStartNoThreadsButTheRunners() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.varve.log.job", "io.varve.log.storage") // the latter keeps interrupts
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.Thread")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("java\\.util\\.concurrent\\.(?!(CompletableFuture|TimeUnit)$)[A-Z].*")
                .check(CLASSES);
    }

    @Test
    void shouldKeepMostTypesToItself() {
        long hidden = CLASSES.stream()
                .filter(type -> !type.getModifiers().contains(JavaModifier.PUBLIC))
                .count();

        assertThat(hidden * 100 / CLASSES.size())
                .as("share of types that are not public")
                .isGreaterThanOrEqualTo(40);
    }
}
