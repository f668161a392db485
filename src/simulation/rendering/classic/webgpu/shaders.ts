/**
 * @file The classic renderer's loops as WGSL: light per vertex clamped before the texture (`vertices.ts`), faces of cube maps and mip levels
 * (`shade.ts`, `mip-texture.ts`), the sky (`sky.ts`), the mirror (`mirror.ts`). The image is upside down: so WebGPU's four samples lie
 * where Mesa's do.
 */

import { FACE_AXES, FACE_SIGNS } from '../shade.ts';

/** Most lights of one image, as of OpenGL. */
export const MOST_LIGHTS = 8;

const BINDINGS = /* wgsl */ `
struct Light {
  position: vec4f,    // w: 1 = parallel
  direction: vec4f,   // w: cosine of the cut-off, -2 = none
  attenuation: vec4f, // w: exponent
  ambient: vec4f,
  diffuse: vec4f,
  specular: vec4f,
}

struct View {
  scale: vec4f,  // from slopes to the image, x and y; its height, pixels; number of lights
  depth: vec4f,  // clip z of a place in camera coordinates
  light: vec4f,  // ambient, tint
  sky: array<vec4f, 3>,
  lights: array<Light, ${MOST_LIGHTS}>,
}

struct Drawable {
  rows: array<vec4f, 3>, // to camera coordinates; w: translation
  colour: vec4f,         // w: alpha of its layer
  gloss: vec4f,          // specular, exponent, emission, smallest cosine
  texture: vec4f,        // 0 none, 1 flat, 2 cube
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<uniform> drawable: Drawable;
@group(1) @binding(0) var texels: texture_2d_array<f32>;
@group(1) @binding(1) var filtering: sampler;
`;

const VERTEX = /* wgsl */ `
struct Lit {
  @builtin(position) @invariant position: vec4f,
  @location(0) colour: vec3f,
  @location(1) coordinates: vec3f,
}

@vertex
fn vertex(@location(0) at: vec3f, @location(1) normal: vec3f, @location(2) coordinates: vec3f) -> Lit {
  let place = vec4f(at, 1);
  let p = vec3f(dot(drawable.rows[0], place), dot(drawable.rows[1], place), dot(drawable.rows[2], place));
  let n = vec3f(
    dot(drawable.rows[0].xyz, normal),
    dot(drawable.rows[1].xyz, normal),
    dot(drawable.rows[2].xyz, normal),
  );
  var lit: Lit;
  lit.position = vec4f(p.xy * view.scale.xy, dot(view.depth, vec4f(p, 1)), -p.z);
  lit.colour = lightAt(p, n);
  lit.coordinates = coordinates;
  return lit;
}

fn lightAt(p: vec3f, n: vec3f) -> vec3f {
  let gloss = drawable.gloss;
  var sum = vec3f(gloss.z + view.light.x);
  var shine = vec3f(0);
  for (var i = 0; i < i32(view.scale.w); i++) {
    let light = view.lights[i];
    var towards = -light.direction.xyz;
    var fade = 1.0;
    if (light.position.w != 1) {
      towards = light.position.xyz - p;
      let distance = sqrt(dot(towards, towards) + 1e-12);
      towards /= distance;
      fade = 1 / (light.attenuation.x + distance * (light.attenuation.y + distance * light.attenuation.z));
      if (light.direction.w > -2) {
        let along = -dot(towards, light.direction.xyz);
        if (along < light.direction.w) { continue; }
        fade *= pow(max(abs(along), 1e-20), light.attenuation.w);
      }
    }
    let facing = dot(n, towards);
    sum += fade * (light.ambient.rgb + max(facing, 0) * light.diffuse.rgb);
    if (facing <= 0 || gloss.w >= 1) { continue; }
    let between = towards - p / sqrt(dot(p, p) + 1e-12);
    let cosine = dot(n, between) / sqrt(dot(between, between) + 1e-12);
    if (cosine < gloss.w) { continue; }
    shine += fade * gloss.x * pow(max(cosine, 1e-20), gloss.y) * light.specular.rgb;
  }
  return min(sum * drawable.colour.rgb * view.light.y + shine, vec3f(1));
}
`;

/** One value per face of a cube map. */
const perFace = (row: (face: number) => string, type: string): string =>
  `array<${type}, 6>(${Array.from({ length: 6 }, (_, face) => row(face)).join(', ')})`;
const axes = (face: number): string => `vec3u(${FACE_AXES.subarray(3 * face, 3 * face + 3).join('u, ')}u)`;
const signs = (face: number): string => `vec3f(${FACE_SIGNS.subarray(3 * face, 3 * face + 3).join(', ')})`;

const TEXEL = /* wgsl */ `
const axes = ${perFace(axes, 'vec3u')};
const signs = ${perFace(signs, 'vec3f')};

fn faceOf(d: vec3f) -> u32 {
  let a = abs(d);
  if (a.x >= a.y && a.x >= a.z) { return select(1u, 0u, d.x >= 0); }
  if (a.y >= a.z) { return select(3u, 2u, d.y >= 0); }
  return select(5u, 4u, d.z >= 0);
}

// Half the binary logarithm of the larger step's square, both in texels of the finest level.
fn levelOf(along: vec2f, across: vec2f) -> f32 {
  return 0.5 * log2(max(max(dot(along, along), dot(across, across)), 1e-20));
}

fn flatTexel(at: vec2f, along: vec2f, across: vec2f) -> vec3f {
  let size = vec2f(textureDimensions(texels));
  return textureSampleLevel(texels, filtering, at, 0, levelOf(along * size, across * size)).rgb;
}

// The texel in direction d, which changes so much per pixel. Faces do not blend into each other.
fn cubeTexel(d: vec3f, along: vec3f, across: vec3f) -> vec3f {
  let size = f32(textureDimensions(texels).x);
  let face = faceOf(d);
  let s = axes[face].x;
  let t = axes[face].y;
  let m = axes[face].z;
  let sign = signs[face];
  let through = max(sign.z * d[m], 1e-12);
  let slope = vec2f(sign.x * d[s], sign.y * d[t]) / through;
  let alongFace = 0.5 * (vec2f(sign.x * along[s], sign.y * along[t]) - slope * sign.z * along[m]) / through;
  let acrossFace = 0.5 * (vec2f(sign.x * across[s], sign.y * across[t]) - slope * sign.z * across[m]) / through;
  let level = levelOf(alongFace * size, acrossFace * size);
  return textureSampleLevel(texels, filtering, 0.5 + 0.5 * slope, face, level).rgb;
}
`;

const FRAGMENT = /* wgsl */ `
@fragment
fn fragment(lit: Lit) -> @location(0) vec4f {
  let c = lit.coordinates;
  let along = dpdx(c);
  let across = dpdy(c);
  var colour = clamp(lit.colour, vec3f(0), vec3f(1));
  if (drawable.texture.x == 1) { colour *= flatTexel(c.xy, along.xy, across.xy); }
  if (drawable.texture.x == 2) { colour *= cubeTexel(c, along, across); }
  return vec4f(colour, drawable.colour.a);
}
`;

const EVERYWHERE = /* wgsl */ `
@vertex
fn everywhere(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(select(-1.0, 3.0, i == 1), select(-1.0, 3.0, i == 2), 0, 1);
}

@fragment
fn sky(@builtin(position) at: vec4f) -> @location(0) vec4f {
  let p = vec3f(1, at.x, view.scale.z - at.y);
  let d = vec3f(dot(view.sky[0].xyz, p), dot(view.sky[1].xyz, p), dot(view.sky[2].xyz, p));
  let along = vec3f(view.sky[0].y, view.sky[1].y, view.sky[2].y);
  let across = vec3f(view.sky[0].z, view.sky[1].z, view.sky[2].z);
  return vec4f(cubeTexel(d, along, across), 1);
}
`;

const MIRROR = /* wgsl */ `
@group(1) @binding(0) var mirrored: texture_multisampled_2d<f32>;

@fragment
fn mirror(@builtin(position) at: vec4f, @builtin(sample_index) which: u32) -> @location(0) vec4f {
  return textureLoad(mirrored, vec2i(at.xy), which);
}
`;

/** Things and sky: entries `vertex`, `fragment`, `everywhere`, `sky`. */
export const SCENE_SHADER = BINDINGS + VERTEX + TEXEL + FRAGMENT + EVERYWHERE;

/** The mirror's surface: entries `vertex` (the same places as above) and `mirror`. */
export const MIRROR_SHADER = BINDINGS.replaceAll(/^@group\(1\).*$/gm, '') + VERTEX + MIRROR;
