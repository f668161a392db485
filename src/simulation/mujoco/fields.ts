/**
 * @file The array fields of mjModel and mjData that may be read, with their element types.
 * The 20 boolean arrays are absent on purpose: their getters throw in every release. Seven of them can be read flag by flag
 * (`FlagFields`, `Sim.flag`); the others are not exposed at all.
 */

/** Array fields of mjModel. Lengths and meanings are MuJoCo's (mjmodel.h). */
export interface ModelArrays {
  qpos0: Float64Array;
  body_parentid: Int32Array;
  body_jntadr: Int32Array;
  body_jntnum: Int32Array;
  body_dofadr: Int32Array;
  body_geomadr: Int32Array;
  body_geomnum: Int32Array;
  body_mocapid: Int32Array;
  body_mass: Float64Array;
  body_pos: Float64Array;
  body_quat: Float64Array;
  jnt_type: Int32Array;
  jnt_qposadr: Int32Array;
  jnt_dofadr: Int32Array;
  jnt_bodyid: Int32Array;
  jnt_range: Float64Array;
  dof_damping: Float64Array;
  M_rowadr: Int32Array;
  M_rownnz: Int32Array;
  M_colind: Int32Array;
  geom_type: Int32Array;
  geom_bodyid: Int32Array;
  geom_group: Int32Array;
  geom_dataid: Int32Array;
  geom_matid: Int32Array;
  geom_contype: Int32Array;
  geom_conaffinity: Int32Array;
  geom_size: Float64Array;
  geom_pos: Float64Array;
  geom_quat: Float64Array;
  geom_rgba: Float32Array;
  geom_friction: Float64Array;
  site_bodyid: Int32Array;
  site_type: Int32Array;
  site_group: Int32Array;
  site_matid: Int32Array;
  site_size: Float64Array;
  site_rgba: Float32Array;
  cam_fovy: Float64Array;
  cam_pos: Float64Array;
  cam_quat: Float64Array;
  cam_bodyid: Int32Array;
  light_type: Int32Array;
  light_pos: Float64Array;
  light_dir: Float64Array;
  light_cutoff: Float32Array;
  light_exponent: Float32Array;
  light_ambient: Float32Array;
  light_diffuse: Float32Array;
  light_specular: Float32Array;
  light_attenuation: Float32Array;
  mat_texid: Int32Array;
  mat_texrepeat: Float32Array;
  mat_rgba: Float32Array;
  mat_emission: Float32Array;
  mat_specular: Float32Array;
  mat_shininess: Float32Array;
  mat_reflectance: Float32Array;
  mesh_vert: Float32Array;
  mesh_normal: Float32Array;
  mesh_texcoord: Float32Array;
  mesh_face: Int32Array;
  mesh_facenormal: Int32Array;
  mesh_facetexcoord: Int32Array;
  mesh_vertadr: Int32Array;
  mesh_faceadr: Int32Array;
  mesh_facenum: Int32Array;
  mesh_normaladr: Int32Array;
  mesh_texcoordadr: Int32Array;
  tex_data: Uint8Array;
  tex_adr: Int32Array;
  tex_type: Int32Array;
  tex_colorspace: Int32Array;
  tex_width: Int32Array;
  tex_height: Int32Array;
  tex_nchannel: Int32Array;
  actuator_ctrlrange: Float64Array;
}

/** Array fields of mjData, all float64. */
export type DataField =
  | 'qpos'
  | 'qvel'
  | 'qacc'
  | 'qacc_warmstart'
  | 'qfrc_bias'
  | 'qfrc_applied'
  | 'xfrc_applied'
  | 'ctrl'
  | 'act'
  | 'M'
  | 'xpos'
  | 'xquat'
  | 'xmat'
  | 'xanchor'
  | 'xaxis'
  | 'geom_xpos'
  | 'geom_xmat'
  | 'site_xpos'
  | 'site_xmat'
  | 'cam_xpos'
  | 'cam_xmat'
  | 'light_xpos'
  | 'light_xdir'
  | 'mocap_pos'
  | 'mocap_quat'
  | 'sensordata';

/** Scalar sizes of mjModel. */
export type ModelCount =
  | 'nq'
  | 'nv'
  | 'nu'
  | 'na'
  | 'nbody'
  | 'njnt'
  | 'ngeom'
  | 'nsite'
  | 'ncam'
  | 'nlight'
  | 'nmat'
  | 'ntex'
  | 'nmesh'
  | 'nmocap'
  | 'narena';

/** The boolean arrays that can be read through a named accessor: object kind → field. */
export interface FlagFields {
  jnt: 'limited';
  mat: 'texuniform';
  light: 'castshadow' | 'active';
  actuator: 'ctrllimited' | 'forcelimited' | 'actlimited';
}
