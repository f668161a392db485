/** @file The expert in an episode: its action, what the simulator knows, and what happens in words. */

import { wrapAngle } from '../../../base/rotation.ts';
import type { Vector3 } from '../../../base/rotation.ts';
import type { Narration, Privileged } from '../../../interfaces/environment.ts';
import type { Sim } from '../../mujoco/sim.ts';
import type { LiberoTask, Proposition } from '../task-model.ts';
import { planFor, presentOf, stepsOf } from './expert.ts';
import { handleOf } from './drawer.ts';
import { fingerYaw, middle, subtract } from './geometry.ts';
import { holdOf } from './grasps.ts';
import { actionTowards } from './motion.ts';
import { narrate } from './narration.ts';
import type { Plan } from './plan.ts';
import { SimScene } from './sim-scene.ts';
import { sightOf } from './sight.ts';
import type { Sight } from './sight.ts';
import { CAMERAS } from '../embodiment.ts';

/** One per compiled task. Call `moved` whenever the simulation has moved. */
export class Demonstrator {
  private readonly sim: Sim;
  private readonly scene: SimScene;
  private known: Plan | null = null;

  /** `holds` says whether a proposition is true now. */
  constructor(sim: Sim, task: LiberoTask, holds: (proposition: Proposition) => boolean) {
    this.sim = sim;
    this.scene = new SimScene(sim, task, holds);
  }

  moved(): void {
    this.known = null;
    this.scene.moved();
  }

  /** The action of the present moment; a task that the skills do not solve is `unsupported`. */
  action(): Float32Array {
    return actionTowards(this.scene, this.plan().aim);
  }

  privileged(): Privileged {
    const { scene } = this;
    const plan = this.plan();
    const { base } = scene;
    const sight = this.sight();
    return {
      handPosition: subtract(scene.hand.position, base),
      targetPosition: subtract(this.targetPosition(plan), base),
      targetHeading: this.heading(plan),
      goalPosition: plan.goal === null ? null : subtract(plan.goal.position, base),
      targetBox: sight.boxes(plan.part ?? plan.target),
      goalBox:
        plan.goal === null ? Object.fromEntries(CAMERAS.map((name) => [name, null])) : sight.boxes(plan.goal.name),
      subtask: plan.subtask,
    };
  }

  narrate(): Narration {
    const { scene } = this;
    const steps = stepsOf(scene);
    return narrate(scene.task, steps, presentOf(scene, steps), this.plan(), this.sight());
  }

  private plan(): Plan {
    return (this.known ??= planFor(this.scene));
  }

  private sight(): Sight {
    return sightOf(this.sim, this.scene, this.scene.base);
  }

  private targetPosition({ target, part }: Plan): Vector3 {
    return part === null ? middle(this.scene.object(target)) : handleOf(this.scene, part).position;
  }

  /** Of what is gripped across a side: two turns of the hand fit, half a turn apart. */
  private heading({ target, part, aim, subtask }: Plan): Privileged['targetHeading'] {
    const { scene } = this;
    if (part !== null || scene.task.objects[target]!.fixture || holdOf(scene, target).way === 'rim') return null;
    // While it is reached for, the aim is turned to fit it; once it is gripped the hand fits.
    const turn =
      subtask === 'reach' ? 2 * wrapAngle(fingerYaw(aim.orientation) - fingerYaw(scene.hand.orientation), Math.PI) : 0;
    return [Math.cos(turn), Math.sin(turn)];
  }
}
