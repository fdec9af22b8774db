import { isFrameworkClass, parentOf } from './entry-points.ts';
import type { ToolShape } from './tool-shape.ts';

/**
 * A tool of the same class with the same members, some of them replaced. Replaced members are
 * enumerable, so that what is copied from the copy has them too.
 */
export function cloneTool(tool: ToolShape, replaced: Readonly<Record<string, unknown>>): ToolShape {
  const members: PropertyDescriptorMap = {
    ...boundAccessors(tool),
    ...Object.getOwnPropertyDescriptors(tool),
  };
  for (const [name, value] of Object.entries(replaced)) {
    members[name] = { value, writable: true, enumerable: true, configurable: true };
  }
  return Object.create(Object.getPrototypeOf(tool) as object, members) as ToolShape; // with all members of one
}

/** Accessors of the tool's own classes may read private fields, which the copy does not have. */
function boundAccessors(tool: object): PropertyDescriptorMap {
  const accessors: PropertyDescriptorMap = {};
  for (let layer = parentOf(tool); layer !== null && !isFrameworkClass(layer);) {
    for (const [name, { get, set }] of Object.entries(Object.getOwnPropertyDescriptors(layer))) {
      if ((get ?? set) === undefined || Object.hasOwn(accessors, name)) continue;
      accessors[name] = {
        configurable: true,
        enumerable: false,
        ...(get === undefined ? {} : { get: (): unknown => Reflect.apply(get, tool, []) }),
        ...(set === undefined
          ? {}
          : { set: (value: unknown) => Reflect.apply(set, tool, [value]) }),
      };
    }
    layer = parentOf(layer);
  }
  return accessors;
}
